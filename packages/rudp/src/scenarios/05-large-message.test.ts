import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { quantile } from '../core/testing/quantile.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, uniformLoss } from '../testing/index.ts'

const MESSAGE_BYTES = 64 * 1024
const MESSAGES_PER_SEED = 8
const PERIOD_MS = 12_000

describe('scenario 5: messages of 64 KiB at 10 % loss and 100 ms RTT', () => {
  it('arrive whole and in time, and only what was lost is sent again', () => {
    const latenciesMs: number[] = []
    let retransmitted = 0
    forEachSeed(20, (seed) => {
      const sentAtMs: number[] = []
      const received: number[] = []
      const pair = new SimulatedPair({
        seed,
        conditions: { delayMs: 50, loss: uniformLoss(0.1) },
        client: {
          onMessage: (_channel, _mode, data, nowMs) => {
            expect(data.length).toBe(MESSAGE_BYTES)
            const number = numberOf(data)
            received.push(number)
            latenciesMs.push(nowMs - (sentAtMs[number] ?? 0))
          },
        },
      })
      pair.every(PERIOD_MS, MESSAGES_PER_SEED, (number) => {
        sentAtMs[number] = pair.nowMs
        pair.server.send(0, 'reliable-ordered', numberedMessage(number, MESSAGE_BYTES))
        pair.server.flush()
      })
      pair.advance(PERIOD_MS * (MESSAGES_PER_SEED + 1))
      expect(received).toEqual(Array.from({ length: MESSAGES_PER_SEED }, (_, number) => number))
      const { framesRetransmitted, framesRepeated } = pair.server.stats()
      retransmitted += framesRetransmitted + framesRepeated
    })
    expect(quantile(latenciesMs, 0.5)).toBeLessThanOrEqual(3000)
    expect(quantile(latenciesMs, 0.99)).toBeLessThanOrEqual(8000)
    expect(retransmitted / (20 * MESSAGES_PER_SEED)).toBeLessThanOrEqual(12)
  })
})
