import type { CongestionAck, CongestionController } from './congestion/controller.ts'
import { ConnectionEvent, type EventRing } from './event-ring.ts'
import type { FrameReader } from './frame-reader.ts'
import { Flight } from './flight.ts'
import { ACK_BITFIELD_SPAN } from './frame-types.ts'
import { Pacer } from './pacer.ts'
import { nearestCongruent } from './packet-number.ts'
import { ProbeTimer } from './probe-timer.ts'
import { GRANULARITY_MS, RttEstimator } from './rtt.ts'
import {
  PACKET_ACKED,
  PACKET_LOST,
  PACKET_OUTSTANDING,
  PACKET_SKIPPED,
  SENT_ELICITING,
  SENT_MTU_PROBE,
  SENT_PROMPT,
  type SentPackets,
} from './sent-packets.ts'
import { ShareWindow } from './share-window.ts'

/** A packet is lost when so many newer ones were acknowledged (RFC 9002 §6.1.1). */
const PACKET_THRESHOLD = 3
/** … or when a newer one was and it is older than this share of the RTT (RFC 9002 §6.1.2). */
const TIME_THRESHOLD = 9 / 8
/** Nothing through for so many probe timeouts is an outage, or persistent congestion (RFC 9002 §7.6.1). */
const PERSISTENT_TIMEOUTS = 3
/** In an outage, packets leave the window after so many probe timeouts, but no sooner than the time below. */
const STALE_TIMEOUTS = 1.5
const MIN_STALE_MS = 200

/** Who has to know what became of packets. */
export interface PacketFates {
  onUnitAcked(kind: number, owner: number, index: number): void
  onUnitLost(kind: number, owner: number, index: number, packetNumber: number): void
  /** A packet arrived that carried an ACK with this largest number. */
  onAckArrived(largest: number): void
  onSizeAcked(sizeBytes: number, isMtuProbe: boolean, nowMs: number): void
  onSizeLost(sizeBytes: number, isMtuProbe: boolean, nowMs: number): void
}

/**
 * Finds out what became of the packets sent (RFC 9002): acknowledged, lost, or due for a probe; keeps the RTT,
 * the congestion controller and the pacer informed.
 */
export class Recovery {
  readonly rtt: RttEstimator
  readonly pacer: Pacer
  readonly #flight: Flight
  readonly #probes: ProbeTimer
  readonly #sent: SentPackets
  readonly #fates: PacketFates
  readonly #events: EventRing
  #controller: CongestionController

  #largestAcked = 0
  /** No packet below this is outstanding. */
  #lowestOutstanding = 0
  /** When the oldest packet overtaken by an acknowledged one is lost. */
  #lossTimeMs = Number.POSITIVE_INFINITY
  #probesDue = 0
  #isOutage = false
  /** When the controller last held data back. Packets acknowledged that were sent later say nothing of it. */
  #heldBackMs = Number.NEGATIVE_INFINITY
  #lastLossMs = 0
  readonly #lossShare = new ShareWindow()
  readonly #ack: CongestionAck = {
    ackedBytes: 0,
    largestSentAtMs: 0,
    largestPacketNumber: 0,
    nextPacketNumber: 0,
    isAppLimited: false,
  }
  /** Of the ACK frame being handled: the largest number newly acknowledged, and whether any was prompt. */
  #newestAcked = -1
  #sawPromptAck = false

  packetsLost = 0
  packetsLostSpuriously = 0
  probeTimeouts = 0
  acks = 0
  appLimitedAcks = 0

  constructor(
    sent: SentPackets,
    controller: CongestionController,
    fates: PacketFates,
    events: EventRing,
    initialRttMs: number,
    nowMs: number,
  ) {
    this.#sent = sent
    this.#largestAcked = sent.next - 1
    this.#controller = controller
    this.#fates = fates
    this.#events = events
    this.#lastLossMs = nowMs
    this.rtt = new RttEstimator(initialRttMs)
    this.#flight = new Flight(sent)
    this.#probes = new ProbeTimer(this.rtt, this.#flight)
    this.pacer = new Pacer(nowMs)
    this.pacer.update(controller, initialRttMs)
  }

  get inFlightBytes(): number {
    return this.#flight.bytes
  }

  get windowBytes(): number {
    return this.#controller.windowBytes
  }

  /** Bytes that may still be sent now. */
  get availableBytes(): number {
    return Math.max(0, this.#controller.windowBytes - this.#flight.bytes)
  }

  /** Bytes the last ACK frame acknowledged anew. */
  get lastAckedBytes(): number {
    return this.#ack.ackedBytes
  }

  /** The largest packet number the peer acknowledged, one less than the first at the start. */
  get largestAcked(): number {
    return this.#largestAcked
  }

  /** Probes that must be sent although window and pacer may forbid it. */
  get probesDue(): number {
    return this.#probesDue
  }

  /** Nothing has come back for several probe timeouts. */
  get isOutage(): boolean {
    return this.#isOutage
  }

  /** When a packet was last found lost; at first, when the connection began. */
  get lastLossMs(): number {
    return this.#lastLossMs
  }

  /** RFC 9002 §6.2.1 without backoff: three of these is how long anything old may matter. */
  get probeTimeoutMs(): number {
    return this.#probes.timeoutMs
  }

  /** See `ProbeTimer`. */
  get isThin(): boolean {
    return this.#probes.isThin
  }

  /** Share of the packets sent lately that were lost. */
  lossShare(nowMs: number): number {
    return this.#lossShare.value(nowMs)
  }

  /** A change to another network: what was learnt of the old path is void. */
  resetPath(controller: CongestionController, initialRttMs: number, nowMs: number): void {
    this.#controller = controller
    this.rtt.reset(initialRttMs)
    this.#probes.reset()
    this.#lastLossMs = nowMs
    this.pacer.update(controller, initialRttMs)
  }

  /** Shrinks the rate because a queue stands on the path. */
  onStandingQueue(factor: number): void {
    this.#controller.onStandingQueue(factor)
    this.pacer.update(this.#controller, this.rtt.smoothedMs)
  }

  /** A packet goes out; its units were added to the sent packets before. */
  onSent(sizeBytes: number, flags: number, isRepeating: boolean, ackLargest: number, nowMs: number): void {
    this.#sent.record(sizeBytes, flags, ackLargest, nowMs)
    if ((flags & SENT_ELICITING) === 0) return
    this.#flight.onSent(sizeBytes, flags)
    this.#probes.onSent((flags & SENT_PROMPT) !== 0, isRepeating, nowMs)
    this.#lossShare.add(0, 1, nowMs)
    this.pacer.onSent(sizeBytes, nowMs)
  }

  /** A probe packet was sent. */
  onProbeSent(): void {
    this.#probesDue--
  }

  /** Data waited for the window. */
  onHeldByWindow(nowMs: number): void {
    this.#heldBackMs = nowMs
  }

  /** Data waited for the pacer, which matters only where the controller is a rate and not a window. */
  onHeldByPacer(nowMs: number): void {
    if (this.#controller.pacingBytesPerSecond > 0) this.#heldBackMs = nowMs
  }

  /**
   * Called before anything is sent. In an outage, packets of long ago are no longer in the network, so they no
   * longer fill the window: a ticking stream goes on, at two segments per so many probe timeouts, and is there
   * when the path comes back, not up to a probe interval later.
   */
  releaseStale(nowMs: number): void {
    if (this.#flight.promptInFlight === 0) return
    const { probeTimeoutMs } = this
    if (nowMs - this.#flight.oldestPromptSentMs() < PERSISTENT_TIMEOUTS * probeTimeoutMs) return
    this.#flight.uncountSentUntil(nowMs - Math.max(STALE_TIMEOUTS * probeTimeoutMs, MIN_STALE_MS))
    if (this.#isOutage) return
    this.#isOutage = true
    this.#controller.onPersistentCongestion()
    this.#windowChanged(nowMs)
  }

  /** Takes an ACK frame. @returns false when it acknowledges what was never sent */
  onAck(frame: FrameReader, nowMs: number): boolean {
    const sent = this.#sent
    const largest = nearestCongruent(frame.ackLargest, 2 ** (8 * frame.ackLargestBytes), sent.next)
    if (largest >= sent.next) return false
    this.#ack.ackedBytes = 0
    this.#newestAcked = -1
    this.#sawPromptAck = false
    if (!this.#acknowledgeAll(frame, largest, nowMs)) return false
    if (this.#newestAcked < 0) return true
    this.#largestAcked = Math.max(this.#largestAcked, this.#newestAcked)
    // RFC 9002 §5.1: a sample only when the largest number in the ACK is newly acknowledged.
    if (this.#newestAcked === largest) this.#sampleRtt(largest, Math.max(frame.ackDelayMs, 0), nowMs)
    if (this.#sawPromptAck) {
      this.#probes.onAnswered()
      this.#probesDue = 0
      this.#isOutage = false
    }
    this.#detectLost(nowMs)
    this.#informController(nowMs)
    sent.prune(nowMs - 2 * this.rtt.timeoutMs)
    return true
  }

  /** When `onTimeout` is due; Infinity = never. */
  deadlineMs(): number {
    return Math.min(this.#lossTimeMs, this.#probes.deadlineMs())
  }

  /** Declares lost what is overdue; otherwise, if nothing came back for long, makes a probe due. */
  onTimeout(nowMs: number): void {
    if (nowMs >= this.#lossTimeMs) {
      this.#detectLost(nowMs)
      return
    }
    if (nowMs < this.#probes.deadlineMs()) return
    this.#probes.onFired(nowMs)
    this.#probesDue = 1
    this.probeTimeouts++
    this.#events.record(nowMs, ConnectionEvent.ProbeTimeout, this.#probes.unanswered, 0)
  }

  /** Walks over all packets the frame acknowledges. @returns false: one of them was never sent */
  #acknowledgeAll(frame: FrameReader, largest: number, nowMs: number): boolean {
    const { first } = this.#sent
    if (!this.#acknowledge(largest, nowMs)) return false
    let bits = frame.ackBits
    for (let packetNumber = largest - 1; bits !== 0 && packetNumber >= first; packetNumber--) {
      if ((bits & 1) !== 0 && !this.#acknowledge(packetNumber, nowMs)) return false
      bits >>>= 1
    }
    if (frame.ackFloor === 0) return true
    let packetNumber = largest - ACK_BITFIELD_SPAN
    for (let range = 0; range < frame.ackRangeCount; range++) {
      const end = packetNumber - frame.ackRuns[2 * range]!
      if (!this.#acknowledgeRun(packetNumber, end, nowMs)) return false
      packetNumber = end - frame.ackRuns[2 * range + 1]!
    }
    return this.#acknowledgeRun(packetNumber, largest - frame.ackFloor - 1, nowMs)
  }

  /** Acknowledges from `newest` down to, but not including, `end`. */
  #acknowledgeRun(newest: number, end: number, nowMs: number): boolean {
    const lowest = Math.max(end + 1, this.#sent.first)
    for (let packetNumber = newest; packetNumber >= lowest; packetNumber--) {
      if (!this.#acknowledge(packetNumber, nowMs)) return false
    }
    return true
  }

  #acknowledge(packetNumber: number, nowMs: number): boolean {
    const sent = this.#sent
    if (packetNumber < sent.first) return true
    const fate = sent.fate(packetNumber)
    if (fate === PACKET_SKIPPED) return false
    if (fate === PACKET_LOST) this.#acknowledgeLate(packetNumber, nowMs)
    if (fate !== PACKET_OUTSTANDING) return true
    const sizeBytes = sent.sizeBytes(packetNumber)
    const flags = sent.flags(packetNumber)
    this.#flight.settle(packetNumber, PACKET_ACKED)
    this.#ack.ackedBytes += sizeBytes
    if ((flags & SENT_PROMPT) !== 0) this.#sawPromptAck = true
    if (packetNumber > this.#newestAcked) this.#newestAcked = packetNumber
    this.#ackUnits(packetNumber)
    this.#fates.onSizeAcked(sizeBytes, (flags & SENT_MTU_PROBE) !== 0, nowMs)
    return true
  }

  /** It was not lost after all: what it carried need not be sent again. */
  #acknowledgeLate(packetNumber: number, nowMs: number): void {
    const sent = this.#sent
    sent.setFate(packetNumber, PACKET_ACKED)
    this.packetsLostSpuriously++
    this.#events.record(nowMs, ConnectionEvent.PacketLateAcked, packetNumber, sent.sizeBytes(packetNumber))
    this.#ackUnits(packetNumber)
  }

  #ackUnits(packetNumber: number): void {
    const sent = this.#sent
    const ackLargest = sent.ackLargest(packetNumber)
    if (ackLargest >= 0) this.#fates.onAckArrived(ackLargest)
    const start = sent.unitStart(packetNumber)
    const end = start + sent.unitCount(packetNumber)
    for (let unit = start; unit < end; unit++) {
      this.#fates.onUnitAcked(sent.unitKind(unit), sent.unitOwner(unit), sent.unitIndex(unit))
    }
  }

  #sampleRtt(packetNumber: number, ackDelayMs: number, nowMs: number): void {
    const { rtt } = this
    rtt.onSample(nowMs - this.#sent.sentAtMs(packetNumber), ackDelayMs, nowMs)
    if ((this.#sent.flags(packetNumber) & SENT_PROMPT) !== 0) this.#probes.onAckDelay(ackDelayMs)
    this.#events.record(
      nowMs,
      ConnectionEvent.Rtt,
      Math.round(rtt.smoothedMs * 1000),
      Math.round(rtt.latestMs * 1000),
    )
  }

  #detectLost(nowMs: number): void {
    const sent = this.#sent
    const { rtt } = this
    const lossDelayMs = Math.max(TIME_THRESHOLD * Math.max(rtt.smoothedMs, rtt.latestMs), GRANULARITY_MS)
    const persistentMs = PERSISTENT_TIMEOUTS * this.probeTimeoutMs
    let lostBytes = 0
    let newestSentAtMs = 0
    let runStartMs = Number.POSITIVE_INFINITY
    let isPersistent = false
    let lowest = Math.max(this.#lowestOutstanding, sent.first)
    while (lowest < this.#largestAcked && sent.fate(lowest) !== PACKET_OUTSTANDING) lowest++
    this.#lowestOutstanding = lowest
    this.#lossTimeMs = Number.POSITIVE_INFINITY
    for (let number = lowest; number < this.#largestAcked; number++) {
      const fate = sent.fate(number)
      if (fate === PACKET_ACKED) runStartMs = Number.POSITIVE_INFINITY
      if (fate !== PACKET_OUTSTANDING) continue
      const sentAtMs = sent.sentAtMs(number)
      if (this.#largestAcked - number < PACKET_THRESHOLD && sentAtMs + lossDelayMs > nowMs) {
        this.#lossTimeMs = Math.min(this.#lossTimeMs, sentAtMs + lossDelayMs)
        continue
      }
      runStartMs = Math.min(runStartMs, sentAtMs)
      isPersistent ||= sentAtMs - runStartMs > persistentMs
      if (this.#declareLost(number, nowMs)) {
        lostBytes += sent.sizeBytes(number)
        newestSentAtMs = sentAtMs
      }
    }
    if (lostBytes === 0) return
    this.#lastLossMs = nowMs
    this.#controller.onLoss(lostBytes, newestSentAtMs, rtt, nowMs)
    if (isPersistent && rtt.hasSample) this.#controller.onPersistentCongestion()
    this.#windowChanged(nowMs)
  }

  /** @returns whether the loss is one congestion control should hear of */
  #declareLost(packetNumber: number, nowMs: number): boolean {
    const sent = this.#sent
    const sizeBytes = sent.sizeBytes(packetNumber)
    const isMtuProbe = (sent.flags(packetNumber) & SENT_MTU_PROBE) !== 0
    this.#flight.settle(packetNumber, PACKET_LOST)
    const start = sent.unitStart(packetNumber)
    const end = start + sent.unitCount(packetNumber)
    for (let unit = start; unit < end; unit++) {
      this.#fates.onUnitLost(sent.unitKind(unit), sent.unitOwner(unit), sent.unitIndex(unit), packetNumber)
    }
    this.#fates.onSizeLost(sizeBytes, isMtuProbe, nowMs)
    this.#events.record(nowMs, ConnectionEvent.PacketLost, packetNumber, sizeBytes)
    if (isMtuProbe) return false
    this.packetsLost++
    this.#lossShare.add(1, 0, nowMs)
    return true
  }

  #informController(nowMs: number): void {
    const ack = this.#ack
    ack.largestPacketNumber = this.#newestAcked
    ack.largestSentAtMs = this.#sent.sentAtMs(this.#newestAcked)
    ack.nextPacketNumber = this.#sent.next
    ack.isAppLimited = this.#heldBackMs < ack.largestSentAtMs
    this.acks++
    if (ack.isAppLimited) this.appLimitedAcks++
    this.#controller.onAck(ack, this.rtt, nowMs)
    this.#windowChanged(nowMs)
  }

  #windowChanged(nowMs: number): void {
    this.pacer.update(this.#controller, this.rtt.smoothedMs)
    this.#events.record(
      nowMs,
      ConnectionEvent.CongestionWindow,
      this.#controller.windowBytes,
      this.#flight.bytes,
    )
  }
}
