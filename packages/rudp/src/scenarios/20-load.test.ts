import { afterEach, describe, expect, it } from 'vitest'
import { LoopbackWorld, until } from './loopback-world.ts'

const CLIENTS = 50
const TICKS = 20
const TICK_MS = 50

let world: LoopbackWorld
afterEach(() => world.close())

/** The whole scenario, with its figures, is `bench/load.ts`; this is its small sister for every run of the tests. */
describe('scenario 20: many clients at 20 Hz on loopback', () => {
  it('loses nothing either way, and tells everybody of the close within a second', {
    timeout: 60_000,
  }, async () => {
    world = new LoopbackWorld({ limits: { maxConnectionsPerAddress: 0 } })
    await world.server.listen()
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => world.connect()))
    await until(() => world.peers.length === CLIENTS)
    let atServer = 0
    let atClients = 0
    for (const peer of world.peers) {
      peer.onMessage = () => {
        atServer += 1
      }
    }
    for (const client of clients) {
      client.onMessage = () => {
        atClients += 1
      }
    }
    for (let tick = 0; tick < TICKS; tick += 1) {
      for (const client of clients) client.send(0, 'reliable-ordered', new Uint8Array(200))
      for (const peer of world.peers) peer.send(0, 'reliable-unordered', new Uint8Array(400))
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
    await until(() => atServer === CLIENTS * TICKS && atClients === CLIENTS * TICKS)
    expect(world.server.socketStats?.sendErrors).toEqual({})
    // One datagram a tick and direction, and what acknowledges it rides along.
    expect(world.server.stats.datagramsOut).toBeLessThan(CLIENTS * TICKS * 2.5)

    const closedMs = performance.now()
    const ends = clients.map(
      (client) =>
        new Promise<number>((resolve) => {
          client.onClose = ({ code }) => resolve(code)
        }),
    )
    void world.server.close(1, 'over')
    expect(await Promise.all(ends)).toEqual(new Array(CLIENTS).fill(1))
    expect(performance.now() - closedMs).toBeLessThan(1_000)
  })
})
