import { WireLimits } from './limits.ts'
import type { LaneCounts } from './lane-counts.ts'

export interface ReplayBounds {
  readonly maxBytes: number
  readonly maxFrames: number
}

/** Frames of one lane, back to back: each says its own length, so there is no object for each of them. */
interface LaneLog {
  bytes: Uint8Array
  start: number
  end: number
  /** Frames before the first that is kept, mod 2^32. */
  first: number
  frames: number
  /** Its last frame has been sent: it is forgotten once the other side has all of it. */
  isClosed: boolean
}

const MIN_BYTES = 256
const NONE = new Uint8Array(0)

/**
 * Reliable frames that were sent and are not acknowledged, in order, lane by lane (`docs/protocol.md#resume`). Beyond
 * its bounds it lets go of all it keeps: what the other side has not received by then cannot be repeated.
 */
export class ReplayBuffer {
  readonly #bounds: ReplayBounds
  readonly #lanes = new Map<number, LaneLog>()
  #bytes = 0
  #frames = 0

  constructor(bounds: ReplayBounds) {
    this.#bounds = bounds
    this.#log(0)
  }

  get sizeBytes(): number {
    return this.#bytes
  }

  get lanes(): readonly number[] {
    return [...this.#lanes.keys()]
  }

  /** Whether a lane is known, be it only because its end is not acknowledged. */
  has(lane: number): boolean {
    return this.#lanes.has(lane)
  }

  /** Whether a frame of this size can be kept beside those that are. */
  fits(sizeBytes: number): boolean {
    return this.#bytes + sizeBytes <= this.#bounds.maxBytes && this.#frames < this.#bounds.maxFrames
  }

  /** Counts a whole frame and keeps a copy. @returns false when that passed a bound, and nothing is kept any more */
  push(lane: number, frame: Uint8Array): boolean {
    const log = this.#log(lane)
    if (!this.fits(frame.length)) {
      log.frames++
      this.#release()
      return false
    }
    const at = reserve(log, frame.length)
    log.bytes.set(frame, at)
    log.end = at + frame.length
    log.frames++
    this.#bytes += frame.length
    this.#frames++
    return true
  }

  /** The other side has received so many frames of a lane. A number that cannot be, or is old news, changes nothing. */
  ack(lane: number, received: number): void {
    const log = this.#lanes.get(lane)
    if (log === undefined) return
    const count = (received - log.first) >>> 0
    if (count > log.frames) return
    let at = log.start
    for (let frame = 0; frame < count; frame++) at += frameBytes(log.bytes, at)
    this.#bytes -= at - log.start
    this.#frames -= count
    log.start = at
    log.frames -= count
    log.first = received >>> 0
    if (log.frames === 0) {
      empty(log)
      if (log.isClosed) this.#lanes.delete(lane)
    }
  }

  /** Nothing more will be sent on a lane. */
  close(lane: number): void {
    this.#log(lane).isClosed = true
  }

  /** Nobody needs this lane any more, nor what it still keeps. */
  forget(lane: number): void {
    const log = this.#lanes.get(lane)
    if (log === undefined) return
    this.#bytes -= log.end - log.start
    this.#frames -= log.frames
    this.#lanes.delete(lane)
  }

  /** Whether everything that the other side has not received is kept. A lane that it does not name counts as 0. */
  canReplay(received: LaneCounts): boolean {
    for (const [lane, log] of this.#lanes) {
      if (((received.get(lane) ?? 0) - log.first) >>> 0 > log.frames) return false
    }
    return true
  }

  /** Everything that is kept, lane by lane in order. The frame is only lent. */
  replay(send: (frame: Uint8Array, lane: number) => void): void {
    for (const [lane, { bytes, start, end }] of this.#lanes) {
      for (let at = start; at < end; ) {
        const next = at + frameBytes(bytes, at)
        send(bytes.subarray(at, next), lane)
        at = next
      }
    }
  }

  #log(lane: number): LaneLog {
    let log = this.#lanes.get(lane)
    if (log === undefined) {
      log = { bytes: NONE, start: 0, end: 0, first: 0, frames: 0, isClosed: false }
      this.#lanes.set(lane, log)
    }
    return log
  }

  #release(): void {
    for (const log of this.#lanes.values()) {
      log.first = (log.first + log.frames) >>> 0
      log.frames = 0
      empty(log)
    }
    this.#bytes = 0
    this.#frames = 0
  }
}

function frameBytes(bytes: Uint8Array, at: number): number {
  return WireLimits.frameHeaderBytes + ((bytes[at + 1] as number) | ((bytes[at + 2] as number) << 8))
}

function empty(log: LaneLog): void {
  log.bytes = NONE
  log.start = 0
  log.end = 0
}

/** Makes room at the end of a log. @returns where */
function reserve(log: LaneLog, sizeBytes: number): number {
  const used = log.end - log.start
  if (log.end + sizeBytes > log.bytes.length) {
    const isRoomy = (used + sizeBytes) * 2 <= log.bytes.length
    const target = isRoomy ? log.bytes : new Uint8Array(Math.max((used + sizeBytes) * 2, MIN_BYTES))
    target.set(log.bytes.subarray(log.start, log.end))
    log.bytes = target
    log.start = 0
    log.end = used
  }
  return log.end
}
