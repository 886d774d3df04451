import { createDefaultProvider } from '../../crypto/default-provider.ts'
import { DatagramBatch } from '../../endpoint/datagram-batch.ts'
import { ServerEndpoint } from '../../endpoint/server-endpoint.ts'
import { HandshakeRecorder } from './handshake-recorder.ts'
import type { FuzzTarget } from '../fuzz-target.ts'
import { mutate, randomBytes } from '../mutate.ts'

const MAX_HALF_OPEN = 8
const MAX_CONNECTIONS = 20

/** Everything a stranger can say to a whole server: recorded handshakes, damaged, mixed up, from any address. */
export const handshakeServer: FuzzTarget = {
  name: 'handshake-server',
  start(random) {
    let nowMs = 0
    let callbackErrors = 0
    const recorder = new HandshakeRecorder(random)
    const server = new ServerEndpoint({
      ...recorder.serverOptions,
      crypto: createDefaultProvider(),
      random,
      clock: () => nowMs,
      limits: { maxHalfOpen: MAX_HALF_OPEN, maxConnections: MAX_CONNECTIONS, maxClaims: 50, maxPrefixes: 5 },
      onConnection: () => {},
      onCallbackError: () => {
        callbackErrors += 1
      },
    })
    const batch = new DatagramBatch(64)
    const packets = recorder.record(server, () => nowMs)
    const datagram = new Uint8Array(1_472)
    return () => {
      const packet = packets[random.integer(packets.length)]
      let length = packet?.length ?? 0
      if (packet === undefined || random.chance(0.2)) length = randomBytes(random, datagram, datagram.length)
      else datagram.set(packet)
      if (random.chance(0.7)) length = mutate(random, datagram, length)
      const remote = random.chance(0.5) ? recorder.address : { ip: '10.0.0.1', port: random.integer(65_536) }
      const bytesBefore = server.stats.bytesOut
      server.handleDatagram(datagram, 0, length, remote, nowMs)
      nowMs += random.next() * 20
      if (server.nextDeadlineMs() <= nowMs) server.handleTimeout(nowMs)
      while (server.pollDatagrams(batch, nowMs)) batch.clear()
      batch.clear()
      const { stats } = server
      if (callbackErrors > 0) throw new Error('a callback failed')
      if (stats.halfOpen > MAX_HALF_OPEN || stats.connections > MAX_CONNECTIONS)
        throw new Error('too many connections')
      // Connections that are open already may speak for themselves; nobody else may be made to.
      if (stats.connections === 0 && stats.bytesOut - bytesBefore > 3 * length)
        throw new Error('amplification')
    }
  },
}
