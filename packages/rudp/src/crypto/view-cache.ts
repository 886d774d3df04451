/** Views kept per cache; a buffer of fixed places needs far fewer, anything stranger pays for a fresh view. */
const MAX_VIEWS = 4096
/** So many calls in a row for other buffers make the cache change over to a new one. */
const MISSES_BEFORE_CHANGE = 64

/**
 * Views of one buffer by offset and length, made once. A view is an object, and native code that wants one per
 * packet would make garbage at packet rate; packets live in few places of one buffer, so their views recur.
 * The cache attaches itself to the buffer that is used most; others get fresh views.
 */
export class ViewCache {
  #buffer: Uint8Array | undefined
  #byOffset: (Uint8Array | undefined)[][] = []
  #count = 0
  #misses = 0

  /** @returns `buffer.subarray(offset, offset + length)`, perhaps an earlier one */
  view(buffer: Uint8Array, offset: number, length: number): Uint8Array {
    if (buffer !== this.#buffer && !this.#adopt(buffer)) return buffer.subarray(offset, offset + length)
    this.#misses = 0
    let byLength = this.#byOffset[offset]
    if (byLength === undefined) {
      byLength = []
      this.#byOffset[offset] = byLength
    }
    const cached = byLength[length]
    if (cached !== undefined) return cached
    const view = buffer.subarray(offset, offset + length)
    if (this.#count < MAX_VIEWS) {
      byLength[length] = view
      this.#count += 1
    }
    return view
  }

  #adopt(buffer: Uint8Array): boolean {
    this.#misses += 1
    if (this.#buffer !== undefined && this.#misses < MISSES_BEFORE_CHANGE) return false
    this.#buffer = buffer
    this.#byOffset = []
    this.#count = 0
    return true
  }
}
