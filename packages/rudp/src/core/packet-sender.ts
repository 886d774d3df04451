import type { ConnectionParts } from './connection-parts.ts'
import type { PathId } from './connection-options.ts'
import { EMPTY_BYTES } from './empty-bytes.ts'
import { ConnectionEvent } from './event-ring.ts'
import { FrameType } from './frame-types.ts'
import { PATH_FRAME_BYTES, writeClose, writePathFrame, writePing } from './frame-writer.ts'
import { MIN_ACK_BYTES } from './ack-tracker.ts'
import { BASE_DATAGRAM_BYTES } from './limits.ts'
import { CONNECTION_ID_BYTES, writePacketHeader } from './packet-header.ts'
import { packetNumberBytes } from './packet-number.ts'
import { TAG_BYTES } from './packet-protection.ts'
import type { PacketWriter } from './packet-writer.ts'
import { Repeats } from './repeats.ts'
import { SENT_ELICITING, SENT_MTU_PROBE, SENT_PROMPT } from './sent-packets.ts'

/** Header and tag at their longest. */
const MAX_OVERHEAD_BYTES = 1 + CONNECTION_ID_BYTES + 4 + TAG_BYTES
/** A packet smaller than this says nothing worth its header. */
const MIN_USEFUL_BYTES = MAX_OVERHEAD_BYTES + 16

/** About every so many packets one number is left out, to catch a peer that acknowledges what it never got. */
const SKIP_INTERVAL = 1000

/** Builds packets: decides what the next one carries, within window, pace and path budget, and seals it. */
export class PacketSender {
  /** The path of the packet last built. */
  lastPath: PathId
  readonly #parts: ConnectionParts
  readonly #connectionId: Uint8Array
  readonly #writer: PacketWriter
  readonly #repeats: Repeats
  #isFlushing = false
  #skipAt = 0
  /** When the pacer lets the next packet go; Infinity when it holds none back. */
  #pacedUntilMs = Number.POSITIVE_INFINITY
  /** Not even an ACK can go out before something arrives. */
  #isHeld = false

  /** @param connectionId in front of what a client sends */
  constructor(parts: ConnectionParts, connectionId: Uint8Array) {
    const { isServer, scratch } = parts
    this.#parts = parts
    this.#connectionId = isServer ? EMPTY_BYTES : connectionId
    this.#writer = scratch.writer
    this.#repeats = new Repeats(parts.send, parts.recovery)
    this.lastPath = parts.paths.active
    this.#skipAt = this.#nextSkip()
  }

  /** When polling again makes sense though nothing has happened. */
  get deadlineMs(): number {
    return this.#isHeld ? Number.POSITIVE_INFINITY : Math.min(this.#pacedUntilMs, this.#parts.acks.deadlineMs)
  }

  /** Lets what is queued go out. */
  flush(): void {
    this.#parts.send.onFlush()
    this.#parts.recovery.pacer.onFlush()
    this.#isFlushing = true
  }

  /** Builds the CLOSE packet. */
  buildClose(out: Uint8Array, offset: number, nowMs: number): number {
    const { closing, paths } = this.#parts
    const headerBytes = this.#begin(out, offset, BASE_DATAGRAM_BYTES, nowMs)
    const writer = this.#writer
    writer.at = writeClose(out, writer.at, closing.info?.code ?? 0, closing.reasonBytes)
    const sizeBytes = writer.at + TAG_BYTES - offset
    const path = sizeBytes <= paths.budgetBytes ? paths.current : paths.active
    return this.#seal(out, offset, headerBytes, 0, -1, path, nowMs)
  }

  /** Builds the next packet. @returns its length, 0 when there is nothing to send now */
  build(out: Uint8Array, offset: number, nowMs: number): number {
    const { sent, paths, mtu } = this.#parts
    this.#pacedUntilMs = Number.POSITIVE_INFINITY
    this.#isHeld = sent.isFull
    this.#parts.recovery.releaseStale(nowMs)
    if (sent.isFull) {
      this.#parts.drops.count('sent-packets-full')
      return 0
    }
    if (sent.next === this.#skipAt) {
      sent.skip()
      this.#skipAt = this.#nextSkip()
      if (sent.isFull) return 0
    }
    if (paths.responsePath >= 0 && paths.responsePath !== paths.current) {
      return this.#buildPathPacket(out, offset, FrameType.PathResponse, nowMs)
    }
    if (paths.isOldPathDue) return this.#buildPathPacket(out, offset, FrameType.PathChallenge, nowMs)
    if (nowMs >= mtu.deadlineMs) {
      const length = this.#buildMtuProbe(out, offset, nowMs)
      if (length > 0) return length
    }
    return this.#buildRegular(out, offset, nowMs)
  }

  #buildRegular(out: Uint8Array, offset: number, nowMs: number): number {
    const { recovery, acks, mtu, paths, outbox, receive } = this.#parts
    const isProbing = recovery.probesDue > 0
    const sizeLimit = Math.min(
      isProbing ? BASE_DATAGRAM_BYTES : mtu.currentBytes,
      out.length - offset,
      paths.budgetBytes,
    )
    const isChallengeDue = paths.isChallengeDue(nowMs)
    if (sizeLimit < MIN_USEFUL_BYTES) {
      this.#isHeld = true
      if (isChallengeDue) paths.onChallengeSent(recovery.probeTimeoutMs, nowMs)
      return 0
    }
    const dataBytes = isProbing ? 0 : this.#dataAllowance(nowMs)
    const hasControl = outbox.isDue || receive.credit.isUrgent || isChallengeDue || paths.responsePath >= 0
    if (nowMs < acks.deadlineMs && !hasControl && !isProbing && dataBytes === 0) return 0

    const headerBytes = this.#begin(out, offset, sizeLimit, nowMs)
    const ackLargest = this.#writeAck(nowMs)
    this.#writeControl(isChallengeDue, nowMs)
    if (dataBytes > 0) this.#writeData(dataBytes)
    if (isProbing) this.#writeProbe()
    else this.#repeats.writeEarly(this.#writer)
    if (this.#writer.frames === 0) return 0
    const flags = (this.#writer.isEliciting ? SENT_ELICITING : 0) | (this.#writer.isPrompt ? SENT_PROMPT : 0)
    if (isProbing) recovery.onProbeSent()
    return this.#seal(out, offset, headerBytes, flags, ackLargest, paths.current, nowMs)
  }

  /** Bytes of packet that data may fill now; 0 = none waits, or window or pace forbid. */
  #dataAllowance(nowMs: number): number {
    const { send, recovery, sent, guard } = this.#parts
    const allowsBulk = guard.allowsBulk(recovery.inFlightBytes, nowMs)
    const frameBytes = send.nextFrameBytes(this.#isFlushing, allowsBulk, nowMs)
    if (frameBytes === 0) {
      this.#isFlushing &&= send.hasUnsent
      if (!allowsBulk && this.#isFlushing) guard.onBulkHeld(nowMs)
      return 0
    }
    if (sent.isFullForData || frameBytes + MAX_OVERHEAD_BYTES > recovery.availableBytes) {
      recovery.onHeldByWindow(nowMs)
      return 0
    }
    const sendMs = recovery.pacer.nextSendMs(nowMs)
    if (sendMs > nowMs) {
      recovery.onHeldByPacer(nowMs)
      this.#pacedUntilMs = sendMs
      return 0
    }
    return recovery.availableBytes
  }

  /** @returns the largest number acknowledged, -1 when no ACK was written */
  #writeAck(nowMs: number): number {
    const { acks, received } = this.#parts
    const writer = this.#writer
    if (!acks.isPending || writer.room < MIN_ACK_BYTES) return -1
    writer.wroteAck(acks.write(writer.out, writer.at, writer.room, nowMs))
    return received.largest
  }

  #writeControl(isChallengeDue: boolean, nowMs: number): void {
    const { paths, outbox, receive, sent, recovery } = this.#parts
    const writer = this.#writer
    if (paths.responsePath >= 0 && writer.room >= PATH_FRAME_BYTES) {
      writer.wrote(writePathFrame(writer.out, writer.at, FrameType.PathResponse, paths.responseData), true)
      paths.onResponseSent()
    }
    if (isChallengeDue && writer.room >= PATH_FRAME_BYTES) {
      writer.wrote(writePathFrame(writer.out, writer.at, FrameType.PathChallenge, paths.challengeData), true)
      paths.onChallengeSent(recovery.probeTimeoutMs, nowMs)
    }
    outbox.write(writer, sent)
    receive.credit.write(writer, sent)
  }

  #writeData(dataBytes: number): void {
    const { send, outbox, guard, recovery } = this.#parts
    const writer = this.#writer
    writer.limitPacket(dataBytes)
    if (this.#isFlushing) outbox.writeTick(writer)
    send.writeLost(writer)
    if (this.#isFlushing) send.writeNew(writer, guard.allowsBulk(recovery.inFlightBytes, writer.nowMs))
  }

  /** A probe carries what the peer most likely lacks; if there is nothing, it just asks for an ACK. */
  #writeProbe(): void {
    const writer = this.#writer
    this.#repeats.writeInProbe(writer)
    if (this.#isFlushing) this.#parts.send.writeNew(writer, false)
    if (!writer.isPrompt && writer.room > 0) writer.wrote(writePing(writer.out, writer.at), true)
  }

  /** A packet with one path frame, to a path that is not the current one. */
  #buildPathPacket(out: Uint8Array, offset: number, type: number, nowMs: number): number {
    const { paths } = this.#parts
    const isResponse = type === FrameType.PathResponse
    const path = isResponse ? paths.responsePath : paths.active
    const data = isResponse ? paths.responseData : paths.challengeData
    const headerBytes = this.#begin(out, offset, BASE_DATAGRAM_BYTES, nowMs)
    this.#writer.at = writePathFrame(out, this.#writer.at, type, data)
    if (isResponse) paths.onResponseSent()
    else paths.onOldPathChallenged()
    return this.#seal(out, offset, headerBytes, 0, -1, path, nowMs)
  }

  #buildMtuProbe(out: Uint8Array, offset: number, nowMs: number): number {
    const { mtu, paths, recovery } = this.#parts
    const sizeBytes = mtu.probeBytes(nowMs)
    if (sizeBytes === 0) return 0
    if (sizeBytes > recovery.availableBytes || paths.isValidating || offset + sizeBytes > out.length) {
      mtu.postpone(nowMs)
      return 0
    }
    const headerBytes = this.#begin(out, offset, sizeBytes, nowMs)
    const writer = this.#writer
    const frameAt = writePing(out, writer.at)
    writer.at = offset + sizeBytes - TAG_BYTES
    out.fill(FrameType.Padding, frameAt, writer.at)
    mtu.onProbeSent(nowMs)
    return this.#seal(out, offset, headerBytes, SENT_ELICITING | SENT_MTU_PROBE, -1, paths.current, nowMs)
  }

  /** Writes the header and makes the writer ready. @returns the header's length */
  #begin(out: Uint8Array, offset: number, sizeLimit: number, nowMs: number): number {
    const { sent, recovery, keys, events, limits } = this.#parts
    const packetNumber = sent.next
    const previous = keys.sendGeneration
    const generation = keys.generationToSeal(packetNumber, recovery.largestAcked, nowMs)
    if (generation !== previous) events.record(nowMs, ConnectionEvent.KeyUpdate, generation, 0)
    const headerBytes = writePacketHeader(
      out,
      offset,
      this.#connectionId,
      generation & 1,
      packetNumber,
      packetNumberBytes(packetNumber, recovery.largestAcked),
    )
    this.#writer.begin(out, offset, headerBytes, sizeLimit, limits.maxFramesPerPacket, packetNumber, nowMs)
    return headerBytes
  }

  #seal(
    out: Uint8Array,
    offset: number,
    headerBytes: number,
    flags: number,
    ackLargest: number,
    path: PathId,
    nowMs: number,
  ): number {
    const parts = this.#parts
    const writer = this.#writer
    const plaintextBytes = writer.finish() - offset - headerBytes
    const { packetNumber } = writer
    const sealedBytes = parts.protection.seal(
      parts.keys.sendGeneration,
      packetNumber,
      out,
      offset,
      headerBytes,
      plaintextBytes,
    )
    const sizeBytes = headerBytes + sealedBytes
    parts.recovery.onSent(sizeBytes, flags, writer.isRepeating, ackLargest, nowMs)
    parts.paths.onSent(path, sizeBytes)
    parts.liveness.onSent((flags & SENT_ELICITING) !== 0, nowMs)
    parts.packetsSent++
    parts.bytesSent += sizeBytes
    parts.events.record(nowMs, ConnectionEvent.PacketSent, packetNumber, sizeBytes)
    this.lastPath = path
    return sizeBytes
  }

  #nextSkip(): number {
    const { sent, random } = this.#parts
    return sent.next + SKIP_INTERVAL / 2 + Math.floor(random.next() * SKIP_INTERVAL)
  }
}
