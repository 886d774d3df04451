import { describe, expect, it } from 'vitest'
import { SeededRandom, uniformLoss } from '../testing/index.ts'
import type { DeliveryMode } from './delivery-mode.ts'
import { numberedMessage, numberOf } from './testing/numbered-message.ts'
import { quantile } from './testing/quantile.ts'
import { SimulatedPair } from './testing/simulated-pair.ts'

const CONNECTIONS = 60
const TICK_MS = 50
const TICKS = 300
const LOSSES = [0, 0.01, 0.02, 0.05, 0.1]

/**
 * The workload of `bench/transport` on virtual time: connections that send 200 bytes at 20 Hz for 15 s over 50 ms
 * of RTT and get each message back at once. The bounds are the goals for the real measurement, p99 and p99.9.
 */
describe('echo latency of a thin stream', () => {
  it.each([
    {
      name: 'reliable-ordered',
      eager: false,
      mode: 'reliable-ordered',
      goals: [
        [56, 65],
        [114, 126],
        [116, 200],
        [170, 300],
        [250, 500],
      ],
    },
    {
      name: 'reliable-ordered, eager',
      eager: true,
      mode: 'reliable-ordered',
      goals: [
        [56, 65],
        [105, 115],
        [105, 160],
        [130, 220],
        [180, 350],
      ],
    },
    {
      name: 'unreliable',
      eager: false,
      mode: 'unreliable',
      goals: [
        [54, 58],
        [54, 58],
        [54, 58],
        [54, 58],
        [54, 58],
      ],
    },
  ] as const)(
    '$name keeps its goals at 0, 1, 2, 5 and 10 % loss each way',
    { timeout: 60_000 },
    ({ eager, mode, goals }) => {
      LOSSES.forEach((loss, index) => {
        const roundTripsMs: number[] = []
        for (let seed = 1; seed <= CONNECTIONS; seed++) echo(seed, loss, mode, eager, roundTripsMs)
        const [p99Ms, p999Ms] = goals[index] ?? [0, 0]
        expect(quantile(roundTripsMs, 0.99)).toBeLessThanOrEqual(p99Ms)
        expect(quantile(roundTripsMs, 0.999)).toBeLessThanOrEqual(p999Ms)
        if (mode === 'reliable-ordered') expect(roundTripsMs.length).toBe(CONNECTIONS * TICKS)
      })
    },
  )
})

function echo(seed: number, loss: number, mode: DeliveryMode, eager: boolean, roundTripsMs: number[]): void {
  const sentAtMs: number[] = []
  const channels = [{ eager }]
  const pair: SimulatedPair = new SimulatedPair({
    seed,
    // A jitter of half a millisecond is what event loops add at best; without it ticks and ACKs would coincide.
    conditions: { delayMs: 25, jitter: { kind: 'uniform', maxMs: 0.6 }, loss: uniformLoss(loss) },
    client: {
      channels,
      onMessage: (_channel, _mode, data, nowMs) => {
        roundTripsMs.push(nowMs - (sentAtMs[numberOf(data)] ?? 0))
      },
    },
    server: {
      channels,
      onMessage: (_channel, _mode, data) => {
        pair.server.send(0, mode, data)
        pair.server.connection.flush(pair.nowMs)
      },
    },
  })
  pair.every(
    TICK_MS,
    TICKS,
    (number) => {
      sentAtMs[number] = pair.nowMs
      pair.client.send(0, mode, numberedMessage(number, 200))
      pair.client.flush()
    },
    100 + new SeededRandom(seed).next() * TICK_MS,
  )
  pair.advance(TICKS * TICK_MS + 3000)
}
