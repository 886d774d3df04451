/**
 * Scenario 10 on real sockets: clients at 20 Hz whose echoes are timed, first alone, then while another process sends
 * HELLO from many ports as fast as it is told to.
 *
 *     npx tsc -b packages/rudp/bench && node packages/rudp/bench/dist/flood.js [--rate 30000] [--seconds 10] [--clients 100]
 */
import { fork } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { fileURLToPath } from 'node:url'
import { connectRudp, generateServerKey, RudpServer } from '@kaosnet/rudp'
import { numberOption, quantile, report, sharedNowMs, socketDrops, spread } from './measure.ts'

const TICK_MS = 50
const HELLO_BYTES = 1_200
const SOURCE_PORTS = 64

if (process.argv[2] === 'flood') flood()
else if (process.argv[2] === 'clients') await runClients()
else await runServer()

async function runServer(): Promise<void> {
  const seconds = numberOption('seconds', 10)
  const rate = numberOption('rate', 30_000)
  const clients = numberOption('clients', 100)
  const key = generateServerKey()
  const server = new RudpServer({
    host: '127.0.0.1',
    serverKey: key.privateKey,
    limits: { maxConnectionsPerAddress: 0, connectsPerSecondPerPrefix: 0 },
  })
  server.onConnection = (peer) => {
    peer.onMessage = (channel, mode, data) => peer.send(channel, mode, data)
  }
  const { port } = await server.listen()
  const self = fileURLToPath(import.meta.url)
  const publicKey = Buffer.from(key.publicKey).toString('hex')
  const clientProcess = fork(self, ['clients', String(port), publicKey, String(clients)])
  const take = () =>
    new Promise<number[]>((resolve) => clientProcess.once('message', (m) => resolve(m as number[])))
  await take()
  const measure = async (): Promise<number[]> => {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    const taken = take()
    clientProcess.send('take')
    return await taken
  }
  await measure()
  const quiet = await measure()
  const before = { ...server.stats, drops: { ...server.stats.drops } }
  const heapBefore = process.memoryUsage().heapUsed
  const floodProcess = fork(self, ['flood', String(port), String(rate)])
  const dropsBefore = socketDrops(port)
  const cpu = process.cpuUsage()
  const flooded = await measure()
  const { user, system } = process.cpuUsage(cpu)
  floodProcess.kill()
  clientProcess.kill()
  const { stats } = server
  const hellos = stats.hellos - before.hellos
  const cookies = stats.cookiesSent - before.cookiesSent
  console.log(
    `${(hellos / seconds).toFixed(0)} HELLO a second arrived, ${(cookies / seconds).toFixed(0)} were answered`,
  )
  console.log(
    `server CPU ${((user + system) / 10_000 / seconds).toFixed(0)} %, heap ${((process.memoryUsage().heapUsed - heapBefore) / 1024).toFixed(0)} KiB more (before collection)`,
  )
  console.log(`${socketDrops(port) - dropsBefore} datagrams did not fit the socket's buffer`)
  console.log(`echo, quiet    ${spread(quiet)}`)
  console.log(`echo, flooded  ${spread(flooded)}`)
  const p99 = (values: number[]) => quantile(Float64Array.from(values).sort(), 0.99)
  const results = [
    report('connection objects made', stats.acceptsSent - before.acceptsSent, '', 0),
    report('bytes out per byte in', (cookies * 40) / (hellos * HELLO_BYTES), '', 0.05),
    report('p99 rises by', p99(flooded) - p99(quiet), 'ms', 10),
  ]
  await server.close(0, '', 100)
  process.exitCode = results.every(Boolean) ? 0 : 1
}

async function runClients(): Promise<void> {
  const [port, publicKey, count] = process.argv.slice(3)
  const serverPublicKey = Buffer.from(publicKey ?? '', 'hex')
  let rtts: number[] = []
  for (let index = 0; index < Number(count); index += 1) {
    const connection = await connectRudp({
      addresses: [{ host: '127.0.0.1', port: Number(port) }],
      serverPublicKey,
    })
    const message = new Uint8Array(200)
    const view = new DataView(message.buffer)
    connection.onMessage = (_channel, _mode, data) => {
      rtts.push(sharedNowMs() - new DataView(data.buffer, data.byteOffset).getFloat64(0))
    }
    setTimeout(
      () =>
        setInterval(() => {
          view.setFloat64(0, sharedNowMs())
          connection.send(0, 'reliable-ordered', message)
        }, TICK_MS),
      (index * TICK_MS) / Number(count),
    )
  }
  process.on('message', () => {
    process.send?.(rtts)
    rtts = []
  })
  process.send?.([])
}

function flood(): void {
  const [port, rate] = process.argv.slice(3).map(Number)
  const hello = Buffer.alloc(HELLO_BYTES)
  hello.set([0xc0, 0x4b, 0x52, 0x50, 0x32, 1, 0])
  hello.set(createHash('sha256').update('kaosnet').digest().subarray(0, 8), 15)
  const sockets = Array.from({ length: SOURCE_PORTS }, () => createSocket('udp4'))
  const startMs = performance.now()
  let sent = 0
  setInterval(() => {
    const due = ((performance.now() - startMs) / 1_000) * (rate ?? 0)
    for (; sent < due; sent += 1) {
      randomFillSync(hello, 7, 8)
      sockets[sent % SOURCE_PORTS]?.send(hello, port ?? 0, '127.0.0.1')
    }
  }, 1)
}
