import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import { protocolIdOf } from '../handshake/protocol-id.ts'
import { PADDED_BYTES } from '../handshake/long-header.ts'
import { writeHello } from '../handshake/hello-packet.ts'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import { LoopbackWorld, until } from './loopback-world.ts'

const HELLOS = 5_000
const CLIENTS = 10
const ECHOES = 10

let world: LoopbackWorld
afterEach(() => world.close())

/** `bench/flood.ts` does it at 30,000 a second for as long as you like and prints what the clients feel. */
describe('scenario 10 on real sockets', () => {
  it('answers a flood of HELLO with next to nothing while clients go on talking', {
    timeout: 60_000,
  }, async () => {
    world = new LoopbackWorld()
    await world.server.listen()
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => world.connect()))
    await until(() => world.peers.length === CLIENTS)
    const before = { ...world.server.stats }
    const hello = new Uint8Array(PADDED_BYTES)
    const protocolId = protocolIdOf(createDefaultProvider(), 'kaosnet')
    writeHello(hello, 0, { version: 1, nonce: new Uint8Array(8), protocolId, clientTimeMs: 1 })
    const attacker = createSocket('udp4')
    const { port } = world.server.address
    const flood = (async () => {
      for (let sent = 0; sent < HELLOS; sent += 100) {
        for (let count = 0; count < 100; count += 1) attacker.send(hello, port, '127.0.0.1')
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    const echoes = clients.map(async (client) => {
      for (let count = 0; count < ECHOES; count += 1) {
        const echoed = new Promise<void>((resolve) => {
          client.onMessage = () => resolve()
        })
        client.send(0, 'reliable-ordered', new Uint8Array(100))
        await echoed
      }
    })
    await Promise.all([flood, ...echoes])
    await new Promise<void>((resolve) => attacker.close(resolve))
    const { stats } = world.server
    expect(stats.hellos - before.hellos).toBeGreaterThan(0)
    expect(stats).toMatchObject({ connections: CLIENTS, halfOpen: 0, acceptsSent: CLIENTS })
    const cookieBytes = (stats.cookiesSent - before.cookiesSent) * 40
    expect(cookieBytes).toBeLessThanOrEqual(0.05 * (stats.hellos - before.hellos) * PADDED_BYTES)
  })
})
