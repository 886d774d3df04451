/** Collects frames for one transport message. Grows on demand. */
export class FrameBatch {
  #buffer: Uint8Array | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Copies a frame to the end. */
  add(frame: Uint8Array): void {
    const needed = this.#length + frame.length
    let buffer = this.#buffer
    if (buffer === undefined || buffer.length < needed) {
      const grown = new Uint8Array(Math.max(needed, (buffer?.length ?? 0) * 2, 256))
      if (buffer !== undefined) grown.set(buffer.subarray(0, this.#length))
      buffer = this.#buffer = grown
    }
    buffer.set(frame, this.#length)
    this.#length = needed
  }

  /** Bytes that can be collected without growing. */
  get capacity(): number {
    return this.#buffer?.length ?? 0
  }

  /** The collected bytes, valid until the next {@link add}; the batch starts anew with the same buffer. */
  drain(): Uint8Array {
    const message = (this.#buffer ?? new Uint8Array(0)).subarray(0, this.#length)
    this.#length = 0
    return message
  }

  /** The collected bytes, handed over: the batch starts anew with no buffer. */
  take(): Uint8Array {
    const message = (this.#buffer ?? new Uint8Array(0)).subarray(0, this.#length)
    this.#buffer = undefined
    this.#length = 0
    return message
  }
}
