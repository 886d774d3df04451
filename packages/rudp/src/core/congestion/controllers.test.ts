import { beforeEach, describe, expect, it } from 'vitest'
import {
  type CongestionAck,
  type CongestionController,
  INITIAL_WINDOW_BYTES,
  MINIMUM_WINDOW_BYTES,
  SEGMENT_BYTES,
} from './controller.ts'
import { createController } from './create-controller.ts'

const rtt = { latestMs: 50, smoothedMs: 50, minMs: 50 }
let nowMs: number
let packetNumber: number

beforeEach(() => {
  Object.assign(rtt, { latestMs: 50, smoothedMs: 50, minMs: 50 })
  nowMs = 1000
  packetNumber = 0
})

/** A round trip in which the window was full and all of it acknowledged, two segments at a time. */
function roundTrip(controller: CongestionController, isAppLimited = false): void {
  const sentAtMs = nowMs
  nowMs += rtt.smoothedMs
  const acks = Math.floor(controller.windowBytes / (2 * SEGMENT_BYTES))
  for (let index = 0; index < acks; index++) {
    packetNumber += 2
    const ack: CongestionAck = {
      ackedBytes: 2 * SEGMENT_BYTES,
      largestSentAtMs: sentAtMs + index * 0.01,
      largestPacketNumber: packetNumber,
      nextPacketNumber: packetNumber + 2 * acks,
      isAppLimited,
    }
    controller.onAck(ack, rtt, nowMs)
  }
}

describe.each(['newreno', 'cubic'] as const)('%s', (algorithm) => {
  let controller: CongestionController

  beforeEach(() => {
    controller = createController({ algorithm })
  })

  it('starts with ten segments and doubles each round trip in slow start', () => {
    expect(controller.windowBytes).toBe(INITIAL_WINDOW_BYTES)
    roundTrip(controller)
    expect(controller.windowBytes).toBe(2 * INITIAL_WINDOW_BYTES)
    expect(controller.isInSlowStart).toBe(true)
  })

  it('does not grow while the application sends less than it may', () => {
    for (let round = 0; round < 10; round++) roundTrip(controller, true)
    expect(controller.windowBytes).toBe(INITIAL_WINDOW_BYTES)
  })

  it('reacts once to all losses of one window', () => {
    roundTrip(controller)
    const before = controller.windowBytes
    controller.onLoss(SEGMENT_BYTES, nowMs - 10, rtt, nowMs)
    const after = controller.windowBytes
    expect(after).toBeLessThan(before)
    controller.onLoss(SEGMENT_BYTES, nowMs - 5, rtt, nowMs + 20)
    expect(controller.windowBytes).toBe(after)
    controller.onLoss(SEGMENT_BYTES, nowMs + 1, rtt, nowMs + 60)
    expect(controller.windowBytes).toBeLessThan(after)
  })

  it('never shrinks below two segments', () => {
    for (let loss = 0; loss < 20; loss++) {
      nowMs += 100
      controller.onLoss(SEGMENT_BYTES, nowMs - 1, rtt, nowMs)
    }
    expect(controller.windowBytes).toBe(MINIMUM_WINDOW_BYTES)
  })

  it('falls to two segments and slow start after persistent congestion', () => {
    roundTrip(controller)
    controller.onLoss(SEGMENT_BYTES, nowMs - 10, rtt, nowMs)
    controller.onPersistentCongestion()
    expect(controller.windowBytes).toBe(MINIMUM_WINDOW_BYTES)
    expect(controller.isInSlowStart).toBe(true)
  })

  it('leaves slow start when the delay grows, before anything is lost', () => {
    for (let round = 0; round < 12; round++) {
      roundTrip(controller)
      rtt.latestMs += 10
    }
    expect(controller.isInSlowStart).toBe(false)
  })
})

describe('newreno', () => {
  it('halves on loss and then grows by one segment each round trip', () => {
    const controller = createController({})
    roundTrip(controller)
    controller.onLoss(SEGMENT_BYTES, nowMs - 1, rtt, nowMs)
    expect(controller.windowBytes).toBe(INITIAL_WINDOW_BYTES)
    nowMs += 1
    const start = controller.windowBytes
    for (let round = 0; round < 10; round++) roundTrip(controller)
    expect(controller.windowBytes - start).toBeGreaterThanOrEqual(9 * SEGMENT_BYTES)
    expect(controller.windowBytes - start).toBeLessThanOrEqual(11 * SEGMENT_BYTES)
  })

  it('takes another factor from the options', () => {
    const controller = createController({ newRenoBeta: 0.7 })
    controller.onLoss(SEGMENT_BYTES, nowMs - 1, rtt, nowMs)
    expect(controller.windowBytes).toBeCloseTo(0.7 * INITIAL_WINDOW_BYTES)
  })
})

describe('cubic', () => {
  it('returns to the old window within the time the curve says, and then goes beyond it', () => {
    const controller = createController({ algorithm: 'cubic' })
    rtt.smoothedMs = 100
    while (controller.windowBytes < 100 * SEGMENT_BYTES) roundTrip(controller)
    const before = controller.windowBytes
    controller.onLoss(SEGMENT_BYTES, nowMs - 1, rtt, nowMs)
    expect(controller.windowBytes).toBeCloseTo(0.7 * before)
    const startMs = nowMs
    nowMs += 1
    while (controller.windowBytes < 0.98 * before) roundTrip(controller)
    // K = cbrt(W_max (1 - beta) / C) seconds, RFC 9438 §4.2
    const plateauSeconds = Math.cbrt(((before / SEGMENT_BYTES) * 0.3) / 0.4)
    expect((nowMs - startMs) / 1000).toBeGreaterThan(plateauSeconds / 3)
    expect((nowMs - startMs) / 1000).toBeLessThan(plateauSeconds * 1.1)
    for (let round = 0; round < 80; round++) roundTrip(controller)
    expect(controller.windowBytes).toBeGreaterThan(before)
  })
})

describe('game', () => {
  it('grows to its cap and never beyond it while the delay stays low', () => {
    const controller = createController({ algorithm: 'game', gameMaxBytesPerSecond: 300_000 })
    for (let round = 0; round < 60; round++) roundTrip(controller)
    expect(controller.pacingBytesPerSecond).toBe(300_000)
  })

  it('does not mind 20 % of loss, but 40 %', () => {
    const controller = createController({ algorithm: 'game', gameMaxBytesPerSecond: 300_000 })
    const lose = (share: number) => {
      for (let round = 0; round < 40; round++) {
        const lostBytes = (controller.windowBytes * share) / (1 - share)
        controller.onLoss(lostBytes, nowMs, rtt, nowMs)
        roundTrip(controller)
      }
    }
    lose(0.2)
    expect(controller.pacingBytesPerSecond).toBe(300_000)
    lose(0.4)
    expect(controller.pacingBytesPerSecond).toBeLessThan(150_000)
  })

  it('slows down when a queue builds up', () => {
    const controller = createController({ algorithm: 'game' })
    for (let round = 0; round < 60; round++) roundTrip(controller)
    const before = controller.pacingBytesPerSecond
    rtt.smoothedMs = 100
    roundTrip(controller)
    expect(controller.pacingBytesPerSecond).toBeLessThan(before)
  })
})
