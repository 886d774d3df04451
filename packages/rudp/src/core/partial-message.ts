import { FRAGMENT_BYTES } from './limits.ts'

/** A message of which some fragments have arrived. It holds no more memory than what has arrived. */
export class PartialMessage {
  readonly fragmentCount: number
  readonly #fragments: (Uint8Array | undefined)[]
  #missing = 0
  #bytes = 0

  constructor(fragmentCount: number) {
    this.fragmentCount = fragmentCount
    this.#missing = fragmentCount
    this.#fragments = new Array<Uint8Array | undefined>(fragmentCount)
  }

  get isComplete(): boolean {
    return this.#missing === 0
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes
  }

  has(index: number): boolean {
    return this.#fragments[index] !== undefined
  }

  /** Copies a fragment in that it does not have yet. */
  add(index: number, buffer: Uint8Array, offset: number, length: number): void {
    this.#fragments[index] = buffer.slice(offset, offset + length)
    this.#missing--
    this.#bytes += length
  }

  /** The whole message; it must be complete. */
  join(): Uint8Array {
    const message = new Uint8Array(this.#bytes)
    this.#fragments.forEach((fragment, index) => {
      if (fragment !== undefined) message.set(fragment, index * FRAGMENT_BYTES)
    })
    return message
  }
}
