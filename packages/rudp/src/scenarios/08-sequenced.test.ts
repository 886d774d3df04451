import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, uniformLoss } from '../testing/index.ts'

const TICK_MS = 1000 / 30
const MESSAGES = 3000
const DELAY_MS = 20
const JITTER_MS = 80

describe('scenario 8: unreliable-sequenced at 30 Hz, 10 % loss and 0 to 80 ms of jitter', {
  timeout: 90_000,
}, () => {
  it('delivers at least 80 % where the jitter is that of a queue', () => {
    forEachSeed(20, (seed) => {
      expect(run(seed, true).received.length).toBeGreaterThanOrEqual(0.8 * MESSAGES)
    })
  })

  // Where each packet draws its own delay, a sixth is overtaken by the next: of 10 % loss and that, 74 % are left.
  it('loses to overtaking only what truly was overtaken', () => {
    forEachSeed(20, (seed) => {
      const { received, late } = run(seed, false)
      expect(received.length).toBeGreaterThanOrEqual(0.7 * MESSAGES)
      expect(received.length + late).toBeGreaterThanOrEqual(0.85 * MESSAGES)
    })
  })
})

function run(seed: number, keepsOrder: boolean) {
  const sentAtMs: number[] = []
  const received: number[] = []
  let isInOrder = true
  let longestMs = 0
  const pair = new SimulatedPair({
    seed,
    conditions: {
      delayMs: DELAY_MS,
      jitter: { kind: 'uniform', maxMs: JITTER_MS },
      keepsOrder,
      loss: uniformLoss(0.1),
    },
    client: {
      onMessage: (_channel, _mode, data, nowMs) => {
        const number = numberOf(data)
        isInOrder &&= number > (received.at(-1) ?? -1)
        longestMs = Math.max(longestMs, nowMs - (sentAtMs[number] ?? 0))
        received.push(number)
      },
    },
  })
  pair.every(TICK_MS, MESSAGES, (number) => {
    sentAtMs[number] = pair.nowMs
    pair.server.send(0, 'unreliable-sequenced', numberedMessage(number, 200))
    pair.server.flush()
  })
  pair.advance(MESSAGES * TICK_MS + 1000)
  expect(isInOrder).toBe(true)
  expect(longestMs).toBeLessThanOrEqual(DELAY_MS + JITTER_MS + TICK_MS)
  const { framesSent, framesRetransmitted, framesRepeated } = pair.server.stats()
  expect(framesSent + framesRetransmitted + framesRepeated).toBe(0)
  return { received, late: pair.client.stats().drops['late-unreliable'] }
}
