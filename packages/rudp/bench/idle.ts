/**
 * Scenario 19: connected clients that say nothing, in a process of their own, which is then killed.
 *
 *     npx tsc -b packages/rudp/bench && node --expose-gc packages/rudp/bench/dist/idle.js [--clients 2000] [--seconds 20]
 */
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { fileURLToPath } from 'node:url'
import { connectRudp, generateServerKey, type RudpConnection, RudpServer } from '@kaosnet/rudp'
import { numberOption, quantile, report } from './measure.ts'

const TICK_MS = 50
const GROUPS = 10
const KEEPALIVE_S = 2
const PING_BYTES = 29

if (process.argv[2] === 'clients') await runClients()
else if (process.argv[2] === 'pings') sendPings()
else await runServer()

async function runServer(): Promise<void> {
  const clients = numberOption('clients', 2_000)
  const seconds = numberOption('seconds', 20)
  const key = generateServerKey()
  const server = new RudpServer({
    host: '127.0.0.1',
    serverKey: key.privateKey,
    limits: { maxConnectionsPerAddress: 0, connectsPerSecondPerPrefix: 0, maxHalfOpen: 2_000 },
  })
  let peers: RudpConnection[] = []
  const ends: number[] = []
  let killedMs = Number.NaN
  let isWarm = false
  const endedEarly = new Map<string, number>()
  server.onConnection = (peer) => {
    peers.push(peer)
    peer.onClose = (close) => {
      if (!isWarm) return
      if (Number.isNaN(killedMs)) endedEarly.set(close.reason, (endedEarly.get(close.reason) ?? 0) + 1)
      else ends.push((performance.now() - killedMs) / 1_000)
    }
  }
  const { port } = await server.listen()
  // Code that runs for the first time takes memory as well, which is no connection's.
  for (let count = 0; count < 50; count += 1) {
    const addresses = [{ host: '127.0.0.1', port }]
    const warm = await connectRudp({ addresses, serverPublicKey: key.publicKey })
    warm.close()
    await warm.closed
  }
  await sleep(500)
  peers = []
  isWarm = true
  const emptyBytes = usedBytes()
  const publicKey = Buffer.from(key.publicKey).toString('hex')
  const child = fork(fileURLToPath(import.meta.url), ['clients', String(port), publicKey, String(clients)])
  await new Promise((resolve) => child.once('message', resolve))
  await sleep(3_000)
  const idleBytes = usedBytes() - emptyBytes
  const cpu = process.cpuUsage()
  await sleep(seconds * 1_000)
  const { user, system } = process.cpuUsage(cpu)
  const bareCpuPercent = await bareEcho(clients / KEEPALIVE_S, seconds)
  child.send('speak')
  for (let tick = 0; tick < 60; tick += 1) {
    for (const peer of peers) peer.send(0, 'unreliable-sequenced', new Uint8Array(400))
    await sleep(TICK_MS)
  }
  const activeBytes = usedBytes() - emptyBytes
  child.send('silence')
  await sleep(2_000)
  child.kill('SIGKILL')
  killedMs = performance.now()
  peers = []
  while (ends.length < clients && performance.now() - killedMs < 20_000) await sleep(100)
  await sleep(500)
  const leftBytes = usedBytes() - emptyBytes
  ends.sort((a, b) => a - b)
  console.log(`${clients} clients, cryptography by ${server.cryptoName}`)
  console.log(
    `they timed out ${ends[0]?.toFixed(1)} to ${ends.at(-1)?.toFixed(1)} s after the kill (median ${quantile(ends, 0.5).toFixed(1)})`,
  )
  for (const [reason, count] of endedEarly) console.log(`${count} ended before the kill: ${reason}`)
  const results = [
    report('heap and external per idle connection', idleBytes / clients / 1_024, 'KiB', 16),
    report('the same when active at 20 Hz', activeBytes / clients / 1_024, 'KiB', 48),
    report('idle CPU', (user + system) / 10_000 / seconds, '%', 5),
    report('  a bare dgram echo of as many pings costs', bareCpuPercent, '%', Number.POSITIVE_INFINITY),
    report('connections that did not time out', clients - ends.length, '', 0),
    report('last time-out after', ends.at(-1) ?? Number.NaN, 's', 16),
    report('memory left', (100 * leftBytes) / activeBytes, '%', 5),
  ]
  await server.close()
  process.exitCode = results.every(Boolean) ? 0 : 1
}

async function runClients(): Promise<void> {
  const [port, publicKey, count] = process.argv.slice(3)
  const serverPublicKey = Buffer.from(publicKey ?? '', 'hex')
  const connections: RudpConnection[] = []
  for (let index = 0; index < Number(count); index += 1) {
    connections.push(
      await connectRudp({
        addresses: [{ host: '127.0.0.1', port: Number(port) }],
        serverPublicKey,
        eventCapacity: 0,
      }),
    )
  }
  let timer: NodeJS.Timeout | undefined
  process.on('message', (message) => {
    clearInterval(timer)
    if (message !== 'speak') return
    // A tenth of the clients at a time, as they would not tick in step.
    let group = 0
    timer = setInterval(() => {
      group = (group + 1) % GROUPS
      for (let index = group; index < connections.length; index += GROUPS) {
        connections[index]?.send(0, 'reliable-ordered', new Uint8Array(200))
      }
    }, TICK_MS / GROUPS)
  })
  process.send?.('connected')
}

/** What it costs this process to receive and send back so many small datagrams a second, and nothing else. */
async function bareEcho(perSecond: number, seconds: number): Promise<number> {
  const socket = createSocket('udp4')
  socket.on('message', (datagram, { port, address }) => socket.send(datagram, port, address))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const self = fileURLToPath(import.meta.url)
  const child = fork(self, ['pings', String(socket.address().port), String(perSecond)])
  await sleep(1_000)
  const cpu = process.cpuUsage()
  await sleep(seconds * 1_000)
  const { user, system } = process.cpuUsage(cpu)
  child.kill('SIGKILL')
  socket.close()
  return (user + system) / 10_000 / seconds
}

function sendPings(): void {
  const [port, perSecond] = process.argv.slice(3).map(Number)
  const socket = createSocket('udp4')
  const startMs = performance.now()
  let sent = 0
  setInterval(() => {
    const due = ((performance.now() - startMs) / 1_000) * (perSecond ?? 0)
    for (; sent < due; sent += 1) socket.send(new Uint8Array(PING_BYTES), port ?? 0, '127.0.0.1')
  }, 1)
}

/** Heap and external memory after a full collection. */
function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error('Start this with node --expose-gc')
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
