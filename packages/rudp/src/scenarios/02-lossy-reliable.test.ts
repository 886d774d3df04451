import { describe, expect, it } from 'vitest'
import type { DeliveryMode } from '../core/delivery-mode.ts'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { quantile } from '../core/testing/quantile.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, uniformLoss } from '../testing/index.ts'

const MESSAGES = 10_000
const PERIOD_MS = 20

const LOSSY = {
  delayMs: 50,
  loss: uniformLoss(0.2),
  duplicateRate: 0.05,
  reorderRate: 0.1,
  reorderDelayMs: 30,
}

interface Outcome {
  readonly received: number[]
  readonly latenciesMs: number[]
  /** Frames sent per message. */
  readonly cost: number
}

describe('scenario 2: reliable messages at 20 % loss, 100 ms RTT, 5 % duplicates, 10 % reordered', {
  timeout: 90_000,
}, () => {
  it('delivers reliable-ordered messages once, in order and in time', () => {
    forEachSeed(20, (seed) => {
      const { received, latenciesMs, cost } = run(seed, 'reliable-ordered', false)
      expect(received).toEqual(Array.from({ length: MESSAGES }, (_, number) => number))
      expect(quantile(latenciesMs, 0.5)).toBeLessThanOrEqual(220)
      expect(quantile(latenciesMs, 0.99)).toBeLessThanOrEqual(800)
      expect(quantile(latenciesMs, 1)).toBeLessThanOrEqual(2500)
      expect(cost).toBeLessThanOrEqual(1.35)
    })
  })

  it('delivers reliable-unordered messages once and sooner', () => {
    forEachSeed(20, (seed) => {
      const { received, latenciesMs, cost } = run(seed, 'reliable-unordered', false)
      expect(received.length).toBe(MESSAGES)
      expect(new Set(received).size).toBe(MESSAGES)
      expect(quantile(latenciesMs, 0.5)).toBeLessThanOrEqual(80)
      expect(quantile(latenciesMs, 0.99)).toBeLessThanOrEqual(550)
      expect(cost).toBeLessThanOrEqual(1.35)
    })
  })

  it('halves the tail on an eager channel for less than twice the frames more', () => {
    forEachSeed(20, (seed) => {
      const { received, latenciesMs, cost } = run(seed, 'reliable-ordered', true)
      expect(received).toEqual(Array.from({ length: MESSAGES }, (_, number) => number))
      expect(quantile(latenciesMs, 0.99)).toBeLessThanOrEqual(400)
      expect(cost).toBeLessThanOrEqual(2.5)
    })
  })
})

function run(seed: number, mode: DeliveryMode, eager: boolean): Outcome {
  const received: number[] = []
  const latenciesMs: number[] = []
  const sentAtMs: number[] = []
  const pair = new SimulatedPair({
    seed,
    conditions: LOSSY,
    client: { channels: [{ eager }] },
    server: {
      onMessage: (_channel, _mode, data, nowMs) => {
        const number = numberOf(data)
        received.push(number)
        latenciesMs.push(nowMs - (sentAtMs[number] ?? 0))
      },
    },
  })
  pair.every(PERIOD_MS, MESSAGES, (number) => {
    sentAtMs[number] = pair.nowMs
    pair.client.send(0, mode, numberedMessage(number, 100))
    pair.client.flush()
  })
  pair.advance(MESSAGES * PERIOD_MS + 10_000)
  const { framesSent, framesRetransmitted, framesRepeated } = pair.client.stats()
  return { received, latenciesMs, cost: (framesSent + framesRetransmitted + framesRepeated) / framesSent }
}
