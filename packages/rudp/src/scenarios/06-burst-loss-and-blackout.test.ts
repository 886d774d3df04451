import { describe, expect, it } from 'vitest'
import type { DeliveryMode } from '../core/delivery-mode.ts'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { burstLoss, forEachSeed } from '../testing/index.ts'

const TICK_MS = 50
const RTT_MS = 100
const BLACKOUT_MS = 1500

describe('scenario 6: bursts of loss, and a blackout', { timeout: 90_000 }, () => {
  it('stays connected and completes through bursts of 20 packets, 5 % in all', () => {
    forEachSeed(20, (seed) => {
      const received: number[] = []
      const pair = new SimulatedPair({
        seed,
        conditions: { delayMs: RTT_MS / 2, loss: burstLoss(0.05, 20) },
        client: { onMessage: (_channel, _mode, data) => received.push(numberOf(data)) },
      })
      const messages = 1200
      pair.every(TICK_MS, messages, (number) => {
        pair.server.send(0, 'reliable-ordered', numberedMessage(number, 200))
        pair.server.flush()
      })
      pair.advance(messages * TICK_MS)
      // Bursts are counted in packets: a silent connection would need minutes to get through one.
      pair.upLink.update({ loss: { kind: 'none' } })
      pair.downLink.update({ loss: { kind: 'none' } })
      pair.advance(5000)
      expect(received).toEqual(Array.from({ length: messages }, (_, number) => number))
      expect(pair.client.states).toEqual([])
      expect(pair.server.states).toEqual(['open'])
    })
  })

  // What waits for its order needs half a round trip more: only an ACK tells which message the peer lacks.
  it.each([
    { mode: 'reliable-unordered', roundTrips: 1.2 },
    { mode: 'reliable-ordered', roundTrips: 1.5 },
  ] as const)('resumes a ticking $mode stream within $roundTrips RTT and a tick', ({ mode, roundTrips }) => {
    forEachSeed(20, (seed) => {
      const { pair, arrivals, startMs } = runBlackout(seed, mode, true)
      const endMs = startMs + BLACKOUT_MS
      const first = arrivals.find((atMs) => atMs > endMs) ?? Number.POSITIVE_INFINITY
      expect(first - endMs).toBeLessThanOrEqual(roundTrips * RTT_MS + TICK_MS)
      expect(pair.server.stats().sendQueueMessages).toBe(0)
    })
  })

  it('sends at most three probes a second into the blackout, and resumes within 2 s of its end', () => {
    forEachSeed(20, (seed) => {
      const { arrivals, startMs, sentInBlackout } = runBlackout(seed, 'reliable-ordered', false)
      const endMs = startMs + BLACKOUT_MS
      expect(sentInBlackout.filter((atMs) => atMs < startMs + 1000).length).toBeLessThanOrEqual(3)
      expect(sentInBlackout.length).toBeLessThanOrEqual((3 * BLACKOUT_MS) / 1000)
      const first = arrivals.find((atMs) => atMs > endMs) ?? Number.POSITIVE_INFINITY
      expect(first - endMs).toBeLessThanOrEqual(2000)
    })
  })
})

/** A stream from server to client meets a blackout of both directions; it goes on through it or falls silent. */
function runBlackout(seed: number, mode: DeliveryMode, goesOn: boolean) {
  const arrivals: number[] = []
  const sentInBlackout: number[] = []
  const pair = new SimulatedPair({
    seed,
    conditions: { delayMs: RTT_MS / 2 },
    client: { onMessage: (_channel, _mode, _data, nowMs) => arrivals.push(nowMs) },
  })
  const startMs = 5010 + seed
  let isSending = true
  pair.every(TICK_MS, 200, (number) => {
    if (!isSending) return
    pair.server.send(0, mode, numberedMessage(number, 200))
    pair.server.flush()
  })
  pair.advance(startMs)
  pair.upLink.update({ isBlackout: true })
  pair.downLink.update({ isBlackout: true })
  if (!goesOn) {
    // One more message is under way when nothing passes any more: from here on everything is a probe.
    pair.server.send(0, mode, numberedMessage(999, 200))
    pair.server.flush()
    isSending = false
  }
  pair.server.onDatagramSent = () => sentInBlackout.push(pair.nowMs)
  pair.advance(BLACKOUT_MS)
  pair.server.onDatagramSent = undefined
  pair.upLink.update({ isBlackout: false })
  pair.downLink.update({ isBlackout: false })
  pair.advance(10_000)
  expect(pair.client.states).toEqual([])
  expect(pair.server.states).toEqual(['open'])
  return { pair, arrivals, startMs, sentInBlackout }
}
