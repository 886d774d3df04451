import { deserialize, serialize } from 'node:v8'

const INITIAL_BYTES = 16_384

/**
 * Builds one batch of records, little-endian, in a buffer that grows with need and is used again and again. Nothing is
 * allocated per record.
 */
export class BatchWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #length = 0

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
  }

  u16(value: number): void {
    this.#reserve(2)
    this.#length = this.#buffer.writeUInt16LE(value, this.#length)
  }

  u32(value: number): void {
    this.#reserve(4)
    this.#length = this.#buffer.writeUInt32LE(value, this.#length)
  }

  f64(value: number): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleLE(value, this.#length)
  }

  /** `size u32 | bytes` */
  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /**
   * A whole record with any value that can be cloned, for what is not frequent: `kind u8 | subject u32 | value`.
   * @throws {Error} for a value that cannot; nothing has been written then
   */
  record(kind: number, subject: number, value: unknown): void {
    const bytes = serialize(value)
    this.u8(kind)
    this.u32(subject)
    this.bytes(bytes)
  }

  /** The batch as a buffer of its own, ready to be transferred. The writer is empty then. */
  take(): ArrayBuffer {
    const { buffer, byteOffset } = this.#buffer
    const batch = buffer.slice(byteOffset, byteOffset + this.#length) as ArrayBuffer
    this.#length = 0
    return batch
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** Reads what a {@link BatchWriter} wrote. Batches come from this program alone, so nothing is checked. */
export class BatchReader {
  readonly #buffer: Buffer
  #offset = 0

  constructor(batch: ArrayBuffer) {
    this.#buffer = Buffer.from(batch)
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#buffer.length
  }

  u8(): number {
    return this.#buffer[this.#offset++] as number
  }

  u16(): number {
    const value = this.#buffer.readUInt16LE(this.#offset)
    this.#offset += 2
    return value
  }

  u32(): number {
    const value = this.#buffer.readUInt32LE(this.#offset)
    this.#offset += 4
    return value
  }

  f64(): number {
    const value = this.#buffer.readDoubleLE(this.#offset)
    this.#offset += 8
    return value
  }

  /** A view of the batch. */
  bytes(): Uint8Array {
    const size = this.u32()
    this.#offset += size
    return this.#buffer.subarray(this.#offset - size, this.#offset)
  }

  value(): unknown {
    return deserialize(this.bytes())
  }
}
