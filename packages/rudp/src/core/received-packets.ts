/** Packets remembered: older ones count as replayed. */
export const REPLAY_WINDOW = 1024

const WORDS = REPLAY_WINDOW / 32

/**
 * Which of the newest 1024 packet numbers were received: the replay window, and the source of ACK frames.
 * A word's bits run backwards (bit 0 is the highest number in it), so that 32 neighbours are read as one shift.
 */
export class ReceivedPackets {
  readonly #words = new Uint32Array(WORDS)
  #largest = 0

  /** @param largest the largest number taken for received before, -1 = none */
  constructor(largest: number) {
    this.#largest = largest
  }

  /** The largest number received, -1 before the first. */
  get largest(): number {
    return this.#largest
  }

  /** Whether the number is too old to tell. */
  isTooOld(packetNumber: number): boolean {
    return this.#largest - packetNumber >= REPLAY_WINDOW
  }

  /** Whether the number, which must not be too old, was received. Negative numbers never were. */
  has(packetNumber: number): boolean {
    if (packetNumber > this.#largest || packetNumber < 0) return false
    return (this.#words[(packetNumber >>> 5) % WORDS]! & bitOf(packetNumber)) !== 0
  }

  /** Marks a number, which must not be too old, as received. */
  add(packetNumber: number): void {
    if (packetNumber > this.#largest) this.#advance(packetNumber)
    this.#words[(packetNumber >>> 5) % WORDS]! |= bitOf(packetNumber)
  }

  /** 32 numbers from `newest` down; bit 0 is `newest`. Bits of negative numbers are 0. */
  bitsFrom(newest: number): number {
    if (newest < 0) return 0
    const word = (newest >>> 5) % WORDS
    const shift = 31 - (newest & 31)
    const upper = this.#words[word]! >>> shift
    if (shift === 0) return upper
    const isBelowZero = newest < 32
    return (upper | (isBelowZero ? 0 : this.#words[(word + WORDS - 1) % WORDS]! << (32 - shift))) >>> 0
  }

  #advance(packetNumber: number): void {
    if (packetNumber - this.#largest >= REPLAY_WINDOW) {
      this.#words.fill(0)
    } else {
      for (let number = this.#largest + 1; number <= packetNumber; number++) {
        this.#words[(number >>> 5) % WORDS]! &= ~bitOf(number)
      }
    }
    this.#largest = packetNumber
  }
}

/** `packetNumber & 31` takes the low bits of numbers above 2^32 as well. */
function bitOf(packetNumber: number): number {
  return 1 << (31 - (packetNumber & 31))
}
