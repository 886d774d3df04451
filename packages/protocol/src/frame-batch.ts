/** Collects frames for one transport message. Grows on demand. */
export class FrameBatch {
  readonly #headBytes: number
  #buffer: Uint8Array | undefined
  #length = 0

  /** @param headBytes kept free in front of the frames, for what the transport puts there */
  constructor(headBytes = 0) {
    this.#headBytes = headBytes
  }

  /** Bytes of the frames collected. */
  get length(): number {
    return this.#length
  }

  /** Copies a frame to the end. */
  add(frame: Uint8Array): void {
    const needed = this.#headBytes + this.#length + frame.length
    let buffer = this.#buffer
    if (buffer === undefined || buffer.length < needed) {
      const grown = new Uint8Array(Math.max(needed, (buffer?.length ?? 0) * 2, 256))
      if (buffer !== undefined) grown.set(buffer.subarray(0, this.#headBytes + this.#length))
      buffer = this.#buffer = grown
    }
    buffer.set(frame, this.#headBytes + this.#length)
    this.#length += frame.length
  }

  /** Bytes that can be collected without growing. */
  get capacity(): number {
    return this.#buffer === undefined ? 0 : this.#buffer.length - this.#headBytes
  }

  /** The collected bytes behind the free ones, valid until the next {@link add}; the batch starts anew with the same buffer. */
  drain(): Uint8Array {
    const message = (this.#buffer ?? new Uint8Array(this.#headBytes)).subarray(
      0,
      this.#headBytes + this.#length,
    )
    this.#length = 0
    return message
  }
}
