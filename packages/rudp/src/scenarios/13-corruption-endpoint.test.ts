import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { forEachSeed, SeededRandom } from '../testing/index.ts'
import { EndpointWorld } from './endpoint-world.ts'

const MESSAGES = 300
const JUNK = 50_000
const JUNK_RUNS = 20

describe('scenario 13 with real keys, handshake included', () => {
  it('delivers nothing corrupt and stays connected at 1 % corrupted and 1 % truncated', () => {
    forEachSeed(20, (seed) => {
      const link = { delayMs: 20, corruptRate: 0.01, truncateRate: 0.01 }
      const world = new EndpointWorld({ seed, link })
      const { client, peer } = world.connectClient()
      const atServer: number[] = []
      const atClient: number[] = []
      peer.onMessage = (_channel, _mode, data) => atServer.push(numberOf(data))
      client.connection.onMessage = (_channel, _mode, data) => atClient.push(numberOf(data))
      const startMs = world.clock.now()
      for (let number = 0; number < MESSAGES; number += 1) {
        world.clock.at(startMs + number * 20, () => {
          const message = numberedMessage(number, number % 40 === 0 ? 5_000 : 150)
          client.connection.send(0, 'reliable-ordered', message)
          peer.send(0, 'reliable-ordered', message)
        })
      }
      world.clock.advance(MESSAGES * 20 + 5_000)
      const all = Array.from({ length: MESSAGES }, (_, number) => number)
      expect(atServer).toEqual(all)
      expect(atClient).toEqual(all)
      expect([client.connection.state, peer.state]).toEqual(['open', 'open'])
      expect(peer.stats().drops.authentication).toBeGreaterThan(0)
      expect(world.callbackErrors).toEqual([])
    })
  })

  it(`survives ${(JUNK * JUNK_RUNS).toLocaleString('en')} datagrams of junk to server and client, of any first byte and length`, () => {
    forEachSeed(JUNK_RUNS, (seed) => {
      const world = new EndpointWorld({ seed })
      const { client, peer } = world.connectClient()
      const random = new SeededRandom(seed, 3)
      const junk = new Uint8Array(1_472)
      random.fill(junk)
      const stranger = { ip: '203.0.113.4', port: 4 }
      for (let count = 0; count < JUNK / 2; count += 1) {
        const length = random.integer(junk.length + 1)
        random.fill(junk.subarray(0, 16))
        world.server.handleDatagram(junk, 0, length, stranger, world.clock.now())
        client.endpoint.handleDatagram(junk, 0, length, stranger, world.clock.now())
        if (count % 500 === 0) world.clock.advance(1)
      }
      world.clock.advance(1_000)
      expect([client.connection.state, peer.state]).toEqual(['open', 'open'])
      expect(client.connection.stats().messagesReceived + peer.stats().messagesReceived).toBe(0)
      expect(world.server.stats).toMatchObject({ connections: 1, halfOpen: 0, acceptsSent: 1 })
      expect(world.callbackErrors).toEqual([])
    })
  })

  it('spends less than 12 µs on a datagram with an unknown connection id', () => {
    const world = new EndpointWorld()
    const junk = new Uint8Array(400).fill(0x42)
    const stranger = { ip: '203.0.113.4', port: 4 }
    const run = (): number => {
      const started = process.cpuUsage()
      for (let count = 0; count < 10_000; count += 1) {
        junk[3] = count
        world.server.handleDatagram(junk, 0, junk.length, stranger, world.clock.now())
      }
      const { user, system } = process.cpuUsage(started)
      return (user + system) / 10_000
    }
    expect(Math.min(...Array.from({ length: 5 }, run))).toBeLessThan(12)
  })
})
