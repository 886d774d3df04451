import { type CloseInfo, MAX_CLOSE_REASON_BYTES } from './close-code.ts'
import { EMPTY_BYTES } from './empty-bytes.ts'

/** CLOSE frames sent before the connection is over without an answer. */
const CLOSE_PACKETS = 3
/** … and the longest time between two of them, however slow the path. */
const MAX_INTERVAL_MS = 1000

/** The end of a connection: what is told to the peer, how often, and until when. */
export class Closing {
  #info: CloseInfo | undefined
  #reasonBytes: Uint8Array = EMPTY_BYTES
  #packetsLeft = 0
  #nextPacketMs = Number.POSITIVE_INFINITY
  #endsAtMs = Number.POSITIVE_INFINITY
  #intervalMs = 0

  get info(): CloseInfo | undefined {
    return this.#info
  }

  /** UTF-8 of the reason, as it fits the frame. */
  get reasonBytes(): Uint8Array {
    return this.#reasonBytes
  }

  get deadlineMs(): number {
    return Math.min(this.#endsAtMs, this.#packetsLeft > 0 ? this.#nextPacketMs : Number.POSITIVE_INFINITY)
  }

  /** This side closes: CLOSE goes out now and twice more, a probe timeout apart, unless answered. */
  start(code: number, reason: string, probeTimeoutMs: number, nowMs: number): CloseInfo {
    this.#begin({ code, reason, byPeer: false }, CLOSE_PACKETS, probeTimeoutMs, nowMs)
    return this.#info ?? { code, reason, byPeer: false }
  }

  /** The peer closed: one CLOSE answers it, and later packets are swallowed for a while. */
  follow(info: CloseInfo, probeTimeoutMs: number, nowMs: number): void {
    this.#begin(info, 1, probeTimeoutMs, nowMs)
  }

  /** The connection ends without a word. */
  abort(info: CloseInfo): void {
    this.#info ??= info
    this.#packetsLeft = 0
  }

  isPacketDue(nowMs: number): boolean {
    return this.#packetsLeft > 0 && nowMs >= this.#nextPacketMs
  }

  onPacketSent(nowMs: number): void {
    this.#packetsLeft--
    this.#nextPacketMs = nowMs + this.#intervalMs
  }

  isOver(nowMs: number): boolean {
    return nowMs >= this.#endsAtMs
  }

  #begin(info: CloseInfo, packets: number, probeTimeoutMs: number, nowMs: number): void {
    this.#info = info
    this.#reasonBytes = encodeReason(info.reason)
    this.#packetsLeft = packets
    this.#nextPacketMs = nowMs
    this.#intervalMs = Math.min(probeTimeoutMs, MAX_INTERVAL_MS)
    this.#endsAtMs = nowMs + CLOSE_PACKETS * this.#intervalMs
  }
}

/** The reason in UTF-8, cut at a character boundary. */
function encodeReason(reason: string): Uint8Array {
  const bytes = new Uint8Array(MAX_CLOSE_REASON_BYTES)
  const { written } = new TextEncoder().encodeInto(reason, bytes)
  return bytes.subarray(0, written)
}

/** A close code and reason as received. Bytes that are no UTF-8 are replaced. */
export function decodeReason(buffer: Uint8Array, offset: number, length: number): string {
  return new TextDecoder().decode(buffer.subarray(offset, offset + length))
}
