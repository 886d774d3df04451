import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed } from '../testing/index.ts'

const RTT_MS = 100
const BURSTS = 20
const BURST_MESSAGES = 3

describe('scenario 7: the last packet of a burst is always lost', () => {
  it('is made good by a single probe within 2.5 RTT and 27 ms', () => {
    forEachSeed(20, (seed) => {
      const sentAtMs: number[] = []
      const latenciesMs: number[] = []
      const pair = new SimulatedPair({
        seed,
        conditions: { delayMs: RTT_MS / 2 },
        client: {
          onMessage: (_channel, _mode, data, nowMs) => {
            const number = numberOf(data)
            latenciesMs[number] = nowMs - (sentAtMs[number] ?? 0)
          },
        },
      })
      let datagrams = 0
      // Each message takes a packet of its own; the filter sees the last of a burst.
      pair.downLink.filter = () => ++datagrams !== BURST_MESSAGES
      pair.every(1000 + seed, BURSTS, (burst) => {
        datagrams = 0
        for (let index = 0; index < BURST_MESSAGES; index++) {
          const number = burst * BURST_MESSAGES + index
          sentAtMs[number] = pair.nowMs
          pair.server.send(0, 'reliable-ordered', numberedMessage(number, 700))
        }
        pair.server.flush()
      })
      pair.advance((BURSTS + 2) * (1000 + seed))
      expect(latenciesMs.length).toBe(BURSTS * BURST_MESSAGES)
      // The first bursts are sent before enough samples have narrowed the RTT's variance down.
      const tails = latenciesMs.filter((_, number) => number % BURST_MESSAGES === BURST_MESSAGES - 1)
      for (const tailMs of tails.slice(4)) {
        expect(tailMs).toBeLessThanOrEqual(2.5 * RTT_MS + 27)
        expect(tailMs).toBeGreaterThan(RTT_MS)
      }
      expect(pair.server.stats().probeTimeouts).toBe(BURSTS)
    })
  })
})
