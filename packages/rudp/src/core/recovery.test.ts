import { beforeEach, describe, expect, it } from 'vitest'
import { createController } from './congestion/create-controller.ts'
import { MINIMUM_WINDOW_BYTES } from './congestion/controller.ts'
import { EventRing } from './event-ring.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameType } from './frame-types.ts'
import { writeU16, writeU32 } from './little-endian.ts'
import { type PacketFates, Recovery } from './recovery.ts'
import { SENT_ELICITING, SENT_MTU_PROBE, SENT_PROMPT, SentPackets, UNIT_MESSAGE } from './sent-packets.ts'

const PACKET_BYTES = 1000
const RTT_MS = 100

/** Notes which units, one per packet and named like it, were acknowledged and lost. */
class Fates implements PacketFates {
  readonly acked: number[] = []
  readonly lost: number[] = []
  readonly acksArrived: number[] = []
  onUnitAcked(_kind: number, _owner: number, index: number): void {
    this.acked.push(index)
  }
  onUnitLost(_kind: number, _owner: number, index: number): void {
    this.lost.push(index)
  }
  onAckArrived(largest: number): void {
    this.acksArrived.push(largest)
  }
  onSizeAcked(): void {}
  onSizeLost(): void {}
}

let fates: Fates
let sent: SentPackets
let recovery: Recovery

beforeEach(create)

function create(): void {
  fates = new Fates()
  sent = new SentPackets(1024, 0)
  recovery = new Recovery(sent, createController({}), fates, new EventRing(0), RTT_MS, 0)
}

function send(nowMs: number, flags = SENT_ELICITING | SENT_PROMPT, isRepeating = false): number {
  const number = sent.next
  sent.addUnit(UNIT_MESSAGE, 0, number)
  recovery.onSent(PACKET_BYTES, flags, isRepeating, number + 500, nowMs)
  return number
}

/** An ACK of exactly these numbers, which lie within 33 of the largest. */
function ack(numbers: readonly number[], nowMs: number, delayMs = 0): boolean {
  const largest = Math.max(...numbers)
  let bits = 0
  for (const number of numbers) if (number < largest) bits |= 1 << (largest - 1 - number)
  const out = new Uint8Array(9)
  out[0] = FrameType.Ack | 2
  writeU16(out, 1, largest)
  writeU16(out, 3, delayMs / 0.064)
  writeU32(out, 5, bits >>> 0)
  const reader = new FrameReader()
  reader.reset(out, 0, 9)
  expect(reader.next()).toBe(FrameType.Ack)
  return recovery.onAck(reader, nowMs)
}

/** Narrows the RTT down to 100 ms. @returns the time */
function warmUp(): number {
  let nowMs = 0
  for (let packet = 0; packet < 40; packet++) {
    const number = send(nowMs)
    nowMs += RTT_MS
    ack([number], nowMs)
  }
  fates.acked.length = 0
  return nowMs
}

describe('recovery', () => {
  it('tells of acknowledged units once, and of the ACK their packet carried', () => {
    const number = send(0)
    expect(recovery.inFlightBytes).toBe(PACKET_BYTES)
    expect(ack([number], 50)).toBe(true)
    expect(ack([number], 60)).toBe(true)
    expect(fates.acked).toEqual([number])
    expect(fates.acksArrived).toEqual([number + 500])
    expect(recovery.inFlightBytes).toBe(0)
    expect(recovery.rtt.latestMs).toBe(50)
    expect(recovery.deadlineMs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('refuses an ACK of what was never sent or was left out', () => {
    send(0)
    sent.skip()
    send(0)
    expect(ack([3], 50)).toBe(false)
    expect(ack([1, 2], 50)).toBe(false)
    expect(ack([0, 2], 50)).toBe(true)
  })

  it('takes a packet for lost when three newer ones were acknowledged', () => {
    const nowMs = warmUp()
    const [first, ...others] = [send(nowMs), send(nowMs + 1), send(nowMs + 2), send(nowMs + 3)]
    ack(others.slice(0, 2), nowMs + 5)
    expect(fates.lost).toEqual([])
    ack(others, nowMs + 6)
    expect(fates.lost).toEqual([first])
    expect(recovery.packetsLost).toBe(1)
    expect(recovery.inFlightBytes).toBe(0)
  })

  it('takes a packet for lost 9/8 of an RTT after it was sent when a newer one was acknowledged', () => {
    const nowMs = warmUp()
    const first = send(nowMs)
    const second = send(nowMs + 10)
    ack([second], nowMs + 10 + RTT_MS)
    recovery.onTimeout(nowMs + 1.12 * RTT_MS)
    expect(fates.lost).toEqual([])
    recovery.onTimeout(nowMs + 1.13 * RTT_MS)
    expect(fates.lost).toEqual([first])
  })

  it('acknowledges late what was taken for lost, and counts it', () => {
    const nowMs = warmUp()
    const [first, ...others] = [send(nowMs), send(nowMs), send(nowMs), send(nowMs)]
    ack(others, nowMs + RTT_MS)
    ack([first ?? 0, ...others], nowMs + RTT_MS + 20)
    expect(fates.lost).toEqual([first])
    expect(fates.acked).toContain(first)
    expect(recovery.packetsLostSpuriously).toBe(1)
  })

  it('makes one probe due when no ACK comes, and none after an answer', () => {
    const nowMs = warmUp()
    const number = send(nowMs)
    const deadlineMs = recovery.deadlineMs()
    expect(deadlineMs - nowMs).toBeGreaterThan(RTT_MS)
    expect(deadlineMs - nowMs).toBeLessThanOrEqual(RTT_MS + 30)
    recovery.onTimeout(deadlineMs)
    expect(recovery.probesDue).toBe(1)
    expect(recovery.deadlineMs()).toBeGreaterThan(deadlineMs)
    recovery.onProbeSent()
    expect(recovery.probesDue).toBe(0)
    recovery.onTimeout(recovery.deadlineMs())
    ack([number], deadlineMs + 500)
    expect(recovery.probesDue).toBe(0)
    expect(recovery.probeTimeouts).toBe(2)
  })

  it('does not let the loss of an MTU probe reach congestion control', () => {
    const nowMs = warmUp()
    const windowBytes = recovery.windowBytes
    send(nowMs, SENT_ELICITING | SENT_MTU_PROBE)
    const others = [send(nowMs + 1), send(nowMs + 1), send(nowMs + 1)]
    ack(others, nowMs + RTT_MS)
    expect(recovery.windowBytes).toBeGreaterThanOrEqual(windowBytes)
    expect(recovery.packetsLost).toBe(0)
  })

  it('finds persistent congestion in a long run of losses, and none where something came through', () => {
    const run = (arrivesInBetween: boolean) => {
      const nowMs = warmUp()
      const numbers: number[] = []
      for (let packet = 0; packet < 20; packet++) numbers.push(send(nowMs + packet * 30))
      const last = numbers.at(-1) ?? 0
      ack(arrivesInBetween ? [numbers[10] ?? 0, last] : [last], nowMs + 19 * 30 + RTT_MS)
      return recovery.windowBytes
    }
    expect(run(false)).toBe(MINIMUM_WINDOW_BYTES)
    create()
    expect(run(true)).toBeGreaterThan(MINIMUM_WINDOW_BYTES)
  })

  it('lets packets of long ago leave the window in an outage, and closes it to two segments', () => {
    let nowMs = warmUp()
    const startMs = nowMs
    while (nowMs < startMs + 300) {
      send(nowMs)
      nowMs += 50
    }
    recovery.releaseStale(nowMs)
    expect(recovery.isOutage).toBe(false)
    nowMs = startMs + 500
    recovery.releaseStale(nowMs)
    expect(recovery.isOutage).toBe(true)
    expect(recovery.windowBytes).toBe(MINIMUM_WINDOW_BYTES)
    expect(recovery.inFlightBytes).toBe(0)
    const number = send(nowMs)
    expect(recovery.inFlightBytes).toBe(PACKET_BYTES)
    // Their fate is still open: the ACK of a later one finds them lost.
    ack([number], nowMs + RTT_MS)
    expect(fates.lost.length).toBe(6)
    expect(recovery.isOutage).toBe(false)
    expect(recovery.inFlightBytes).toBe(0)
  })

  it('starts afresh on another path, with what is in flight still in flight', () => {
    const nowMs = warmUp()
    send(nowMs)
    recovery.resetPath(createController({}), 80, nowMs)
    expect(recovery.rtt.smoothedMs).toBe(80)
    expect(recovery.inFlightBytes).toBe(PACKET_BYTES)
  })
})
