/**
 * Scenario 20: many clients at 20 Hz, 200 B up and 400 B down each, over loopback; server and clients in a process
 * each. Then a graceful close that every client must hear of within a second.
 *
 *     npx tsc -b packages/rudp/bench && node packages/rudp/bench/dist/load.js [--clients 500] [--seconds 60]
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { connectRudp, generateServerKey, type RudpConnection, RudpServer } from '@kaosnet/rudp'
import { numberOption, report, sharedNowMs, socketDrops, spread, watchProcess } from './measure.ts'

const TICK_MS = 50
const UP_BYTES = 200
const DOWN_BYTES = 400
const WARM_UP_MS = 2_000

interface ClientReport {
  readonly oneWayDownMs: number[]
  readonly received: number
  readonly sent: number
  readonly closeCodes: number[]
  readonly lastCloseMs: number
}

if (process.argv[2] === 'clients') await runClients()
else await runServer()

async function runServer(): Promise<void> {
  const clients = numberOption('clients', 500)
  const seconds = numberOption('seconds', 60)
  const key = generateServerKey()
  const server = new RudpServer({
    host: '127.0.0.1',
    serverKey: key.privateKey,
    limits: { maxConnectionsPerAddress: 0, connectsPerSecondPerPrefix: 0 },
  })
  const peers = new Set<RudpConnection>()
  const oneWayUpMs: number[] = []
  let received = 0
  let isMeasuring = false
  server.onConnection = (peer) => {
    peers.add(peer)
    peer.onClose = () => peers.delete(peer)
    peer.onMessage = (_channel, _mode, data) => {
      received += 1
      const sentMs = new DataView(data.buffer, data.byteOffset).getFloat64(0)
      if (isMeasuring && received % 7 === 0) oneWayUpMs.push(sharedNowMs() - sentMs)
    }
  }
  const { port } = await server.listen()
  const publicKey = Buffer.from(key.publicKey).toString('hex')
  const child = fork(fileURLToPath(import.meta.url), ['clients', String(port), publicKey, String(clients)])
  await new Promise((resolve) => child.once('message', resolve))

  const down = new Uint8Array(DOWN_BYTES)
  const view = new DataView(down.buffer)
  let sent = 0
  const ticker = setInterval(() => {
    view.setFloat64(0, sharedNowMs())
    for (const peer of peers) {
      peer.send(0, 'unreliable-sequenced', down)
      sent += 1
    }
  }, TICK_MS)
  await sleep(WARM_UP_MS)
  const dropsBefore = socketDrops(port)
  const packetsBefore = server.stats.datagramsIn
  oneWayUpMs.length = 0
  isMeasuring = true
  const watch = watchProcess()
  await sleep(seconds * 1_000)
  const figures = watch.stop()
  isMeasuring = false
  const packets = server.stats.datagramsIn - packetsBefore
  const drops = socketDrops(port) - dropsBefore
  clearInterval(ticker)
  await sleep(500)
  const stats = [...peers].map((peer) => peer.stats())
  const rtts = stats.map(({ smoothedRttMs }) => smoothedRttMs)
  const lost = stats.reduce((sum, { packetsLost }) => sum + packetsLost, 0)
  const reported = new Promise<ClientReport>((resolve) =>
    child.once('message', (message) => resolve(message as ClientReport)),
  )
  const closedAtMs = sharedNowMs()
  await server.close(1, 'the bench is over')
  const clientReport = await reported

  console.log(`${clients} clients, ${seconds} s, cryptography by ${server.cryptoName}`)
  console.log(`one way up     ${spread(oneWayUpMs)}`)
  console.log(`one way down   ${spread(clientReport.oneWayDownMs)}`)
  console.log(`smoothed RTT   ${spread(rtts)}`)
  console.log(`messages up ${received} of ${clientReport.sent}, down ${clientReport.received} of ${sent}`)
  const up = Float64Array.from(oneWayUpMs).sort()
  const downMs = Float64Array.from(clientReport.oneWayDownMs).sort()
  const p99 = (up[Math.floor(up.length * 0.99)] ?? 0) + (downMs[Math.floor(downMs.length * 0.99)] ?? 0)
  const results = [
    report('server loop delay p99', figures.loopDelayP99Ms, 'ms', 15),
    report('round trip p99 (up p99 + down p99)', p99, 'ms', 40),
    report('packets lost', lost, '', 0),
    report('datagrams dropped by the socket', drops, '', 0),
    report('server CPU', figures.cpuShare * 100, '%', 60),
    report('longest GC pause', figures.longestGcMs, 'ms', 10),
    report('heap allocated per packet pair', figures.allocatedBytes / packets, 'B', 3_072),
    report(
      'clients not told of the close',
      clients - clientReport.closeCodes.filter((code) => code === 1).length,
      '',
      0,
    ),
    report('last client told after', clientReport.lastCloseMs - closedAtMs, 'ms', 1_000),
  ]
  process.exitCode = results.every(Boolean) ? 0 : 1
}

async function runClients(): Promise<void> {
  const [port, publicKey, count] = process.argv.slice(3)
  const serverPublicKey = Buffer.from(publicKey ?? '', 'hex')
  const oneWayDownMs: number[] = []
  const closeCodes: number[] = []
  let received = 0
  let sent = 0
  let lastCloseMs = 0
  const connections = []
  for (let index = 0; index < Number(count); index += 1) {
    const connection = await connectRudp({
      addresses: [{ host: '127.0.0.1', port: Number(port) }],
      serverPublicKey,
    })
    connection.onMessage = (_channel, _mode, data) => {
      received += 1
      const sentMs = new DataView(data.buffer, data.byteOffset).getFloat64(0)
      if (received > 20_000 && received % 7 === 0) oneWayDownMs.push(sharedNowMs() - sentMs)
    }
    connection.onClose = ({ code }) => {
      closeCodes.push(code)
      lastCloseMs = sharedNowMs()
    }
    connections.push(connection)
  }
  process.send?.('connected')
  const up = new Uint8Array(UP_BYTES)
  const view = new DataView(up.buffer)
  // Clients are not in step with one another: their ticks are spread over the interval.
  const timers = connections.map((connection, index) => {
    const tick = () => {
      if (connection.state !== 'open') return
      view.setFloat64(0, sharedNowMs())
      connection.send(0, 'reliable-ordered', up)
      sent += 1
    }
    return setTimeout(
      () => {
        timers[index] = setInterval(tick, TICK_MS)
      },
      (index * TICK_MS) / connections.length,
    )
  })
  await Promise.all(connections.map(({ closed }) => closed))
  for (const timer of timers) clearInterval(timer)
  process.send?.({ oneWayDownMs, received, sent, closeCodes, lastCloseMs } satisfies ClientReport)
  process.disconnect()
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
