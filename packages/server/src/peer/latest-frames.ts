import type { Lane } from './transport.ts'

/** A buffer that is this many times too large is not used again. */
const WASTE_FACTOR = 2

interface LaneFrame {
  readonly lane: Lane
  /** Of what was put. */
  frames: number
  buffer: Uint8Array
  length: number
}

/**
 * What is unreliable and cannot be sent now: the newest of each lane, within a bound of bytes. What is over it takes the
 * place of what has waited longest.
 */
export class LatestFrames {
  readonly #maxBytes: number
  /** The oldest first. Most connections never have any. */
  #frames: Map<Lane, LaneFrame> | undefined
  #sizeBytes = 0
  #superseded = 0

  /** @param maxBytes At least one frame is kept, whatever its size. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get isEmpty(): boolean {
    return this.#frames === undefined || this.#frames.size === 0
  }

  /** Memory of what is kept. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** How many frames were replaced since the start. */
  get superseded(): number {
    return this.#superseded
  }

  /**
   * Keeps a copy.
   * @param frames How many they are, if it is a message of several
   */
  put(lane: Lane, frame: Uint8Array, frames = 1): void {
    this.#frames ??= new Map()
    const kept = this.#frames.get(lane)
    if (kept === undefined) this.#add({ lane, frames, buffer: new Uint8Array(frame), length: frame.length })
    else {
      this.#superseded += kept.frames
      this.#remove(kept)
      // One lane sends frames of much the same size, over and over.
      const isFitting =
        frame.length <= kept.buffer.length && kept.buffer.length <= frame.length * WASTE_FACTOR
      if (isFitting) kept.buffer.set(frame)
      else kept.buffer = new Uint8Array(frame)
      kept.length = frame.length
      kept.frames = frames
      this.#add(kept)
    }
    while (this.#sizeBytes > this.#maxBytes && this.#frames.size > 1) {
      const oldest = this.#oldest as LaneFrame
      this.#superseded += oldest.frames
      this.#remove(oldest)
    }
  }

  /**
   * Hands over what has waited longest, then the next, until `take` says that it takes no more.
   * @param take The frame is only lent.
   */
  drain(take: (frame: Uint8Array, lane: Lane) => boolean): void {
    for (let oldest = this.#oldest; oldest !== undefined; oldest = this.#oldest) {
      if (!take(oldest.buffer.subarray(0, oldest.length), oldest.lane)) return
      this.#remove(oldest)
    }
  }

  clear(): void {
    this.#frames = undefined
    this.#sizeBytes = 0
  }

  get #oldest(): LaneFrame | undefined {
    return this.#frames?.values().next().value
  }

  #add(frame: LaneFrame): void {
    this.#frames?.set(frame.lane, frame)
    this.#sizeBytes += frame.buffer.length
  }

  #remove(frame: LaneFrame): void {
    this.#frames?.delete(frame.lane)
    this.#sizeBytes -= frame.buffer.length
  }
}
