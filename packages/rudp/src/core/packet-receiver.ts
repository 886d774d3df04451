import { ELICITS_LAZILY, ELICITS_NOTHING, ELICITS_PROMPTLY } from './ack-tracker.ts'
import { decodeReason } from './closing.ts'
import type { ConnectionParts } from './connection-parts.ts'
import type { PathId } from './connection-options.ts'
import type { DropReason } from './connection-stats.ts'
import { RELIABLE_UNORDERED } from './delivery-mode.ts'
import { dropReasonNumber } from './drop-counters.ts'
import { ConnectionEvent } from './event-ring.ts'
import { END_OF_FRAMES, type FrameReader, MALFORMED_FRAME } from './frame-reader.ts'
import { FrameType } from './frame-types.ts'
import {
  CONNECTION_ID_BYTES,
  isPacketHeader,
  keyPhaseOf,
  packetNumberBytesOf,
  readTruncatedPacketNumber,
} from './packet-header.ts'
import { expandPacketNumber } from './packet-number.ts'
import { TAG_BYTES } from './packet-protection.ts'

/** What the connection as a whole must do because of a packet. */
export interface ReceiverHost {
  /** An authentic packet came: the peer has the keys. */
  onAuthentic(): void
  /** The peer broke the protocol, or forged packets came in masses. */
  onViolation(reason: string, nowMs: number): void
  onPeerClose(code: number, reason: string, nowMs: number): void
  /** ACKs came in. */
  onAcked(nowMs: number): void
}

/**
 * Takes datagrams: cheap checks first, then authentication, and only then does anything but a counter change.
 */
export class PacketReceiver {
  readonly #parts: ConnectionParts
  readonly #host: ReceiverHost
  readonly #connectionIdBytes: number
  readonly #frame: FrameReader

  constructor(parts: ConnectionParts, host: ReceiverHost) {
    this.#parts = parts
    this.#host = host
    this.#connectionIdBytes = parts.isServer ? CONNECTION_ID_BYTES : 0
    this.#frame = parts.scratch.reader
  }

  receive(buffer: Uint8Array, offset: number, length: number, path: PathId, nowMs: number): void {
    const { limits, received, keys, protection } = this.#parts
    const flags = buffer[offset]!
    const numberAt = offset + 1 + this.#connectionIdBytes
    const numberBytes = packetNumberBytesOf(flags)
    const headerBytes = numberAt + numberBytes - offset
    if (length <= headerBytes + TAG_BYTES || length > limits.maxDatagramBytes || !isPacketHeader(flags)) {
      return this.#drop('malformed', length, nowMs)
    }
    const overBudget = this.#parts.budget.take(length, nowMs)
    if (overBudget !== undefined) return this.#drop(overBudget, length, nowMs)

    const truncated = readTruncatedPacketNumber(buffer, numberAt, numberBytes)
    const packetNumber = expandPacketNumber(truncated, numberBytes, received.largest)
    if (received.isTooOld(packetNumber)) return this.#drop('too-old', length, nowMs)
    if (received.has(packetNumber)) return this.#drop('replayed', length, nowMs)

    const generation = keys.generationToOpen(keyPhaseOf(flags), packetNumber)
    const plaintextBytes = protection.open(
      generation,
      packetNumber,
      buffer,
      offset,
      headerBytes,
      length - headerBytes,
    )
    if (plaintextBytes < 0) return this.#onForged(length, nowMs)
    const start = offset + headerBytes
    this.#onAuthentic(
      buffer,
      start,
      start + plaintextBytes,
      packetNumber,
      numberBytes,
      generation,
      length,
      path,
      nowMs,
    )
  }

  #onAuthentic(
    buffer: Uint8Array,
    start: number,
    end: number,
    packetNumber: number,
    numberBytes: number,
    generation: number,
    sizeBytes: number,
    path: PathId,
    nowMs: number,
  ): void {
    const parts = this.#parts
    const previousLargest = parts.received.largest
    parts.received.add(packetNumber)
    parts.packetsReceived++
    parts.bytesReceived += sizeBytes
    parts.liveness.onReceived(nowMs)
    parts.events.record(nowMs, ConnectionEvent.PacketReceived, packetNumber, sizeBytes)
    this.#noteArrival(packetNumber, previousLargest, nowMs)
    const { probeTimeoutMs } = parts.recovery
    if (parts.keys.onOpened(generation, packetNumber, parts.sent.next, probeTimeoutMs, nowMs)) {
      parts.events.record(nowMs, ConnectionEvent.KeyUpdate, generation, 1)
    }
    if (parts.closing.info !== undefined) return this.#lookForClose(buffer, start, end, nowMs)
    this.#host.onAuthentic()
    this.#notePath(path, sizeBytes, packetNumber > previousLargest, nowMs)
    const elicits = this.#readFrames(buffer, start, end, path, nowMs)
    parts.acks.onPacket(packetNumber, previousLargest, numberBytes, elicits, sizeBytes, nowMs)
  }

  /** Handles all frames. @returns what kind of ACK they ask for */
  #readFrames(buffer: Uint8Array, start: number, end: number, path: PathId, nowMs: number): number {
    const { closing, limits } = this.#parts
    const frame = this.#frame
    let elicits = ELICITS_NOTHING
    frame.reset(buffer, start, end)
    for (let count = 0; closing.info === undefined; count++) {
      const type = frame.next()
      if (type === END_OF_FRAMES) break
      if (type === MALFORMED_FRAME || count >= limits.maxFramesPerPacket) {
        this.#host.onViolation('malformed frame', nowMs)
        break
      }
      const problem = this.#onFrame(type, path, nowMs)
      if (problem !== undefined) {
        this.#host.onViolation(problem, nowMs)
        break
      }
      if (type === FrameType.Ack || type === FrameType.Close) continue
      const isLazy =
        type === FrameType.Tick || (type === FrameType.Message && frame.mode > RELIABLE_UNORDERED)
      elicits = Math.max(elicits, isLazy ? ELICITS_LAZILY : ELICITS_PROMPTLY)
    }
    return elicits
  }

  /** @returns what the peer did wrong, undefined when all is well */
  #onFrame(type: number, path: PathId, nowMs: number): string | undefined {
    const parts = this.#parts
    const frame = this.#frame
    const { handler } = parts
    switch (type) {
      case FrameType.Message:
        return parts.receive.onFrame(frame, nowMs) ? undefined : 'message out of bounds'
      case FrameType.Ack:
        return this.#onAck(nowMs) ? undefined : 'acknowledged what was not sent'
      case FrameType.Close:
        this.#host.onPeerClose(
          frame.closeCode,
          decodeReason(frame.buffer, frame.dataOffset, frame.dataLength),
          nowMs,
        )
        return undefined
      case FrameType.PathChallenge:
        parts.paths.onChallenge(path, frame.buffer, frame.dataOffset)
        return undefined
      case FrameType.PathResponse:
        this.#onPathResponse(path, nowMs)
        return undefined
      case FrameType.Credit:
        parts.send.credit.onCredit(frame.channel, frame.creditBytes)
        return undefined
      case FrameType.Resume:
        handler.onResumeTicket?.(frame.buffer.subarray(frame.dataOffset, frame.dataOffset + frame.dataLength))
        return undefined
      case FrameType.Tick:
        handler.onTick?.(frame.tick, frame.microsInTick)
        return undefined
      default:
        return undefined
    }
  }

  #onAck(nowMs: number): boolean {
    const { recovery, guard } = this.#parts
    if (!recovery.onAck(this.#frame, nowMs)) return false
    const factor = guard.onAck(recovery.lastAckedBytes, recovery.rtt, nowMs)
    if (factor < 1) recovery.onStandingQueue(factor)
    this.#host.onAcked(nowMs)
    return true
  }

  #onPathResponse(path: PathId, nowMs: number): void {
    const { paths } = this.#parts
    const from = paths.active
    const { buffer, dataOffset } = this.#frame
    if (paths.onResponse(path, buffer, dataOffset)) this.#parts.onPathValidated(from, path, nowMs)
  }

  #notePath(path: PathId, sizeBytes: number, isNewest: boolean, nowMs: number): void {
    const { paths, events, drops, isServer } = this.#parts
    // A client follows nobody: its server stays where it is.
    if (!isServer) return
    switch (paths.onPacket(path, sizeBytes, isNewest, nowMs)) {
      case 'proposed':
        events.record(nowMs, ConnectionEvent.Path, path, 0)
        break
      case 'returned':
        events.record(nowMs, ConnectionEvent.Path, path, 2)
        break
      case 'refused':
        drops.count('path-rate')
        break
      case 'known':
    }
  }

  /** Keeps the share of the peer's packets that are missing; one that comes late is missing no more. */
  #noteArrival(packetNumber: number, previousLargest: number, nowMs: number): void {
    const share = this.#parts.receivedShare
    if (packetNumber > previousLargest) {
      const missing = packetNumber - previousLargest - 1
      share.add(missing, missing + 1, nowMs)
    } else {
      share.add(-1, 0, nowMs)
    }
  }

  /** While closing, only the peer's own CLOSE matters. */
  #lookForClose(buffer: Uint8Array, start: number, end: number, nowMs: number): void {
    const frame = this.#frame
    frame.reset(buffer, start, end)
    for (let type = frame.next(); type >= 0; type = frame.next()) {
      if (type !== FrameType.Close) continue
      this.#host.onPeerClose(frame.closeCode, '', nowMs)
      return
    }
  }

  #onForged(length: number, nowMs: number): void {
    this.#drop('authentication', length, nowMs)
    if (this.#parts.budget.onAuthenticationFailed(nowMs)) {
      this.#host.onViolation('too many packets failed authentication', nowMs)
    }
  }

  #drop(reason: DropReason, length: number, nowMs: number): void {
    this.#parts.drops.count(reason)
    this.#parts.events.record(nowMs, ConnectionEvent.PacketDropped, dropReasonNumber(reason), length)
  }
}
