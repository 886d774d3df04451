import { describe, expect, it } from 'vitest'
import { forEachSeed } from '../testing/index.ts'
import { EndpointWorld } from './endpoint-world.ts'
import { settledMemoryBytes } from './heap.ts'
import { RawClient } from './raw-client.ts'

const HELLOS = 200_000
const SOURCES = 100_000
const FLOOD_MS = 1_000
const CLIENTS = 20
const TICK_MS = 50
const MAX_HEAP_GROWTH_BYTES = 1024 * 1024
const SEEDS = 20

describe('scenario 10: a flood of HELLO from forged addresses', () => {
  it('leaves nothing behind, is answered with next to nothing, and does not touch the connected', {
    timeout: 60_000,
  }, () => {
    forEachSeed(SEEDS, (seed) => {
      // The last, so that no code is compiled for the first time between the two measurements.
      const measuresMemory = seed === SEEDS
      const world = new EndpointWorld({ seed, link: { delayMs: 20 } })
      const { clients, echoes } = connectClients(world)
      const { stats } = world.server
      const hello = new RawClient(world, { ip: '203.0.113.1', port: 1 }).hello()
      const sources = Array.from({ length: SOURCES }, (_, index) => ({
        ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
        port: 1024 + world.random.integer(60_000),
      }))
      // Whatever grows once because the clients are busy has grown before the flood.
      world.clock.advance(2 * FLOOD_MS)
      const memoryBefore = measuresMemory ? settledMemoryBytes() : 0
      const { bytesOut } = stats
      const startMs = world.clock.now()
      for (let atMs = 0; atMs < FLOOD_MS; atMs += 1) {
        world.clock.at(startMs + atMs, () => {
          for (let count = 0; count < HELLOS / FLOOD_MS; count += 1) {
            world.random.fill(hello.subarray(7, 15))
            world.serverHost.inject(hello, sources[world.random.integer(SOURCES)]!)
          }
        })
      }
      // The clients' own traffic is in the sum as well, which only makes the bound tighter.
      world.clock.advance(FLOOD_MS)
      expect(stats.hellos - CLIENTS).toBe(HELLOS)
      expect(stats.cookiesSent + stats.drops['hello-rate']).toBe(stats.hellos)
      expect(stats).toMatchObject({ connections: CLIENTS, halfOpen: 0, acceptsSent: CLIENTS })
      expect(stats.publicKeyOperations).toBe(3 * CLIENTS)
      expect(stats.bytesOut - bytesOut).toBeLessThanOrEqual(0.05 * HELLOS * hello.length)
      if (measuresMemory) {
        expect(settledMemoryBytes() - memoryBefore).toBeLessThan(MAX_HEAP_GROWTH_BYTES)
      }
      expect(clients.every(({ connection }) => connection.state === 'open')).toBe(true)
      world.clock.advance(100)
      expect(Math.min(...echoes)).toBeGreaterThanOrEqual((3 * FLOOD_MS) / TICK_MS)
    })
  })

  it('does not keep a newcomer out', () => {
    forEachSeed(SEEDS, (seed) => {
      const world = new EndpointWorld({
        seed,
        link: { delayMs: 20 },
        server: { limits: { hellosPerSecond: 2_000 } },
      })
      const hello = new RawClient(world, { ip: '203.0.113.1', port: 1 }).hello()
      const flood = () => {
        for (let count = 0; count < 3; count += 1) {
          world.serverHost.inject(hello, { ip: '10.0.0.1', port: 1 + world.random.integer(60_000) })
        }
        world.clock.after(1, flood)
      }
      flood()
      expect(world.connectClient().client.connection.state).toBe('open')
    })
  })
})

/** Clients that send a message per tick; the server sends each back. */
function connectClients(world: EndpointWorld) {
  world.onConnection = (peer) => {
    peer.onMessage = (channel, mode, data) => peer.send(channel, mode, data)
  }
  const echoes = new Array<number>(CLIENTS).fill(0)
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const { client } = world.connectClient()
    client.connection.onMessage = () => {
      echoes[index] = (echoes[index] ?? 0) + 1
    }
    const tick = () => {
      client.connection.send(0, 'reliable-ordered', new Uint8Array(100))
      world.clock.after(TICK_MS, tick)
    }
    tick()
    return client
  })
  return { clients, echoes }
}
