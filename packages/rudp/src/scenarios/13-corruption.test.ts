import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, SeededRandom } from '../testing/index.ts'

const MESSAGES = 1500
const JUNK_PER_SEED = 25_000

describe('scenario 13: corruption, truncation and junk', { timeout: 90_000 }, () => {
  it('delivers nothing corrupt and stays connected at 1 % corrupted and 1 % truncated', () => {
    forEachSeed(20, (seed) => {
      const toServer: number[] = []
      const toClient: number[] = []
      const pair = new SimulatedPair({
        seed,
        checksPayload: true,
        conditions: { delayMs: 20, corruptRate: 0.01, truncateRate: 0.01 },
        server: { onMessage: (_channel, _mode, data) => toServer.push(numberOf(data)) },
        client: { onMessage: (_channel, _mode, data) => toClient.push(numberOf(data)) },
      })
      pair.every(20, MESSAGES, (number) => {
        for (const peer of [pair.client, pair.server]) {
          peer.send(0, 'reliable-ordered', numberedMessage(number, number % 40 === 0 ? 5000 : 150))
          peer.flush()
        }
      })
      pair.advance(MESSAGES * 20 + 5000)
      const all = Array.from({ length: MESSAGES }, (_, number) => number)
      expect(toServer).toEqual(all)
      expect(toClient).toEqual(all)
      const { corrupted, truncated } = pair.network.counters()
      expect(corrupted + truncated).toBeGreaterThan(0)
      expect(pair.server.stats().drops.authentication).toBeGreaterThan(0)
      expect(pair.server.states).toEqual(['open'])
      expect(pair.client.states).toEqual([])
    })
  })

  // 20 seeds of 25 000 each to client and server are a million.
  it('survives a million datagrams of junk without an exception, a delivery or a disconnect', () => {
    forEachSeed(20, (seed) => {
      const random = new SeededRandom(seed, 13)
      const received: number[] = []
      const pair = new SimulatedPair({
        seed,
        checksPayload: true,
        conditions: { delayMs: 1 },
        // Behind an endpoint, junk with a foreign connection id does not even get here.
        server: { limits: { authenticationFailuresPerMinute: 0 } },
        client: { onMessage: (_channel, _mode, data) => received.push(numberOf(data)) },
      })
      const junk = new Uint8Array(1500)
      random.fill(junk)
      pair.every(1, JUNK_PER_SEED, () => {
        const offset = random.integer(700)
        const length = 1 + random.integer(random.chance(0.9) ? 60 : 700)
        // Half of it looks like a packet at first sight.
        junk[offset] = random.chance(0.5) ? 0x42 | (random.integer(2) << 5) : random.integer(256)
        pair.network.send(pair.clientAddress, pair.serverAddress, junk, offset, length)
        pair.network.send(pair.serverAddress, pair.clientAddress, junk, offset, length)
      })
      const ticks = JUNK_PER_SEED / 50
      pair.every(50, ticks, (number) => {
        pair.server.send(0, 'reliable-ordered', numberedMessage(number, 100))
        pair.server.flush()
      })
      pair.advance(JUNK_PER_SEED + 1000)
      expect(received).toEqual(Array.from({ length: ticks }, (_, number) => number))
      for (const peer of [pair.client, pair.server]) {
        const { malformed, authentication, replayed, 'too-old': tooOld } = peer.stats().drops
        expect(malformed + authentication + replayed + tooOld).toBe(JUNK_PER_SEED)
        expect(authentication).toBeGreaterThan(JUNK_PER_SEED / 10)
      }
      expect(pair.server.states).toEqual(['open'])
      expect(pair.client.states).toEqual([])
    })
  })
})
