import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { quantile } from '../core/testing/quantile.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed } from '../testing/index.ts'

const TICK_MS = 50
const TICKS = 1000
const CHANNEL_A = 0
const CHANNEL_B = 1

describe('scenario 9: channel A loses packets, channel B does not', { timeout: 90_000 }, () => {
  it('does not delay channel B, whose p99 rises by less than 5 ms', () => {
    forEachSeed(20, (seed) => {
      const clean = run(seed, 0)
      const lossy = run(seed, 0.1)
      expect(clean.a.length).toBe(TICKS)
      expect(lossy.a.length).toBe(TICKS)
      expect(lossy.b.length).toBe(TICKS)
      expect(quantile(lossy.b, 0.99)).toBeLessThan(quantile(clean.b, 0.99) + 5)
      // Otherwise the losses would have hit nothing and the test would prove nothing.
      expect(quantile(lossy.a, 0.99)).toBeGreaterThan(quantile(clean.a, 0.99) + 20)
    })
  })
})

/** Messages of A and B leave in packets of their own; the network drops some of A's and none of B's. */
function run(seed: number, lossOfA: number) {
  const latencies: [number[], number[]] = [[], []]
  const sentAtMs: [number[], number[]] = [[], []]
  let sending = CHANNEL_A
  let draws = seed
  const pair = new SimulatedPair({
    seed,
    conditions: { delayMs: 25 },
    client: {
      onMessage: (channel, _mode, data, nowMs) => {
        const number = numberOf(data)
        latencies[channel === CHANNEL_A ? 0 : 1].push(
          nowMs - (sentAtMs[channel === CHANNEL_A ? 0 : 1][number] ?? 0),
        )
      },
    },
  })
  pair.downLink.filter = () => {
    draws = (draws * 1_103_515_245 + 12_345) % 2 ** 31
    return sending !== CHANNEL_A || draws / 2 ** 31 >= lossOfA
  }
  const send = (channel: 0 | 1, number: number) => {
    sending = channel
    sentAtMs[channel][number] = pair.nowMs
    pair.server.send(channel, 'reliable-ordered', numberedMessage(number, 200))
    pair.server.flush()
  }
  pair.every(TICK_MS, TICKS, (number) => send(CHANNEL_A, number))
  pair.every(TICK_MS, TICKS, (number) => send(CHANNEL_B, number), TICK_MS * 1.5)
  pair.advance(TICKS * TICK_MS + 3000)
  return { a: latencies[0], b: latencies[1] }
}
