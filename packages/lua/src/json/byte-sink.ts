const INITIAL_BYTES = 4096
/** A buffer that one large text has grown past this is not kept for the next. */
const KEEP_BYTES = 256 * 1024

/** A growing run of bytes. */
export class ByteSink {
  length = 0
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES)

  /** What was written, valid until the next write. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.length++] = value
  }

  ascii(text: string): void {
    this.#reserve(text.length)
    for (let at = 0; at < text.length; at++) this.#bytes[this.length++] = text.charCodeAt(at)
  }

  codePoint(value: number): void {
    this.#reserve(4)
    this.length += this.#bytes.write(String.fromCodePoint(value), this.length, 'utf8')
  }

  bytes(source: Uint8Array): void {
    this.#reserve(source.length)
    this.#bytes.set(source, this.length)
    this.length += source.length
  }

  /**
   * Copies text that is ASCII and needs no escape in JSON; answers false and writes nothing if it is not.
   */
  plain(source: Uint8Array, start: number, length: number): boolean {
    this.#reserve(length)
    const bytes = this.#bytes
    const to = this.length
    for (let at = 0; at < length; at++) {
      const byte = source[start + at] ?? 0
      if (byte < 0x20 || byte > 0x7f || byte === 0x22 || byte === 0x5c) return false
      bytes[to + at] = byte
    }
    this.length += length
    return true
  }

  #reserve(sizeBytes: number): void {
    const needed = this.length + sizeBytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.view)
    this.#bytes = grown
  }
}
