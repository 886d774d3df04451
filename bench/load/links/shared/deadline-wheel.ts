/** Milliseconds per slot: a deadline is served up to so much late, together with its neighbours. */
export const SLOT_MS = 4
const SLOTS = 4_096
const MASK = SLOTS - 1
const NONE = -1

/**
 * Deadlines of many entries, each named by a small integer, that mostly move away before they have come: an entry stays
 * where it was filed when its deadline moves to later, and is filed anew when it is met there.
 */
export class DeadlineWheel {
  readonly #slots: number[][] = Array.from({ length: SLOTS }, () => [])
  readonly #deadlines: Float64Array
  readonly #filedAt: Float64Array
  /** The slot that is served next; none before it holds anything. */
  #cursor: number
  #filed = 0
  #spare: number[] = []

  constructor(entries: number, nowMs: number) {
    this.#deadlines = new Float64Array(entries).fill(Number.POSITIVE_INFINITY)
    this.#filedAt = new Float64Array(entries).fill(NONE)
    this.#cursor = Math.floor(nowMs / SLOT_MS)
  }

  /** Sets, moves or (with Infinity) cancels the deadline of an entry. */
  set(entry: number, deadlineMs: number): void {
    this.#deadlines[entry] = deadlineMs
    if (deadlineMs === Number.POSITIVE_INFINITY) return
    const wanted = Math.max(Math.ceil(deadlineMs / SLOT_MS), this.#cursor)
    const slot = Math.min(wanted, this.#cursor + SLOTS - 1)
    const filedAt = this.#filedAt[entry] as number
    if (filedAt !== NONE && filedAt <= slot) return
    // Where it was filed before, it is not looked for any more.
    if (filedAt === NONE) this.#filed += 1
    this.#filedAt[entry] = slot
    this.#slots[slot & MASK]?.push(entry)
  }

  /** When {@link expire} is to be called next; it may find nothing then. Infinity when nothing is set. */
  nextMs(): number {
    if (this.#filed === 0) return Number.POSITIVE_INFINITY
    let slot = this.#cursor
    while (this.#slots[slot & MASK]?.length === 0) slot += 1
    return slot * SLOT_MS
  }

  /** Calls `serve` for each entry whose deadline has passed; it may set deadlines, that of the entry included. */
  expire(nowMs: number, serve: (entry: number) => void): void {
    const end = Math.floor(nowMs / SLOT_MS)
    while (this.#cursor <= end && this.#filed > 0) {
      // Moved on first: what is set meanwhile is filed behind.
      this.#cursor += 1
      this.#serveSlot(this.#cursor - 1, nowMs, serve)
    }
    this.#cursor = Math.max(this.#cursor, end + 1)
  }

  #serveSlot(slot: number, nowMs: number, serve: (entry: number) => void): void {
    const entries = this.#slots[slot & MASK] as number[]
    if (entries.length === 0) return
    this.#slots[slot & MASK] = this.#spare
    for (const entry of entries) {
      if (this.#filedAt[entry] !== slot) continue
      this.#filedAt[entry] = NONE
      this.#filed -= 1
      const deadlineMs = this.#deadlines[entry] as number
      if (deadlineMs > nowMs) {
        this.set(entry, deadlineMs)
      } else {
        this.#deadlines[entry] = Number.POSITIVE_INFINITY
        serve(entry)
      }
    }
    entries.length = 0
    this.#spare = entries
  }
}
