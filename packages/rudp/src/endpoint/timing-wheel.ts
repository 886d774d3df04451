/** Milliseconds per slot. */
export const WHEEL_SLOT_MS = 8
/** With so many entries set, those of one slot are served together at its end, to wake up less often. */
export const CROWD = 64
const SLOT_COUNT = 2048
const SLOT_MASK = SLOT_COUNT - 1
const NONE = -1

/**
 * Deadlines of many connections, each named by a small integer, in a wheel of 8 ms slots that reaches 16 s ahead.
 * Setting and firing touch a few array elements, whatever their number. Few deadlines are served on time; in a crowd
 * each is served up to 8 ms late together with its neighbours.
 */
export class TimingWheel {
  readonly #heads = new Int32Array(SLOT_COUNT).fill(NONE)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  /** When an entry is due, which is later than its slot if the wheel does not reach that far. */
  #deadlines = new Float64Array(0)
  /** The absolute slot number an entry is filed under, NONE when it is not. */
  #filedAt = new Float64Array(0)
  /** The absolute slot number of now: all before it have been served. */
  #cursor = 0
  #size = 0
  readonly #due: number[] = []

  constructor(nowMs: number) {
    this.#cursor = slotOf(nowMs)
  }

  /** Sets, moves or (with Infinity) cancels the deadline of an entry. */
  set(entry: number, deadlineMs: number): void {
    if (entry >= this.#next.length) this.#grow(entry)
    this.#deadlines[entry] = deadlineMs
    const filedAt = this.#filedAt[entry] ?? NONE
    if (deadlineMs === Number.POSITIVE_INFINITY) {
      if (filedAt !== NONE) this.#unfile(entry)
      return
    }
    const slot = this.#fileSlot(deadlineMs, this.#cursor)
    if (filedAt === slot) return
    if (filedAt !== NONE) this.#unfile(entry)
    this.#file(entry, slot)
  }

  /** When `expire` should next be called; it may then find nothing due yet. Infinity when nothing is set. */
  nextDeadlineMs(): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY
    let slot = this.#cursor
    while (this.#heads[slot & SLOT_MASK] === NONE) slot += 1
    let earliestMs = (slot + 1) * WHEEL_SLOT_MS
    if (this.#size >= CROWD) return earliestMs
    for (let entry = this.#headOf(slot); entry !== NONE; entry = this.#next[entry] ?? NONE) {
      earliestMs = Math.min(earliestMs, this.#deadlines[entry] ?? earliestMs)
    }
    return earliestMs
  }

  /** Calls `onDue` for each entry whose deadline has passed; it may set deadlines again, its own included. */
  expire(nowMs: number, onDue: (entry: number) => void): void {
    const end = slotOf(nowMs)
    // After a long stall one turn of the wheel sees every entry.
    this.#cursor = Math.max(this.#cursor, end - SLOT_COUNT + 1)
    for (; this.#cursor < end; this.#cursor += 1) this.#collect(this.#cursor, nowMs)
    this.#collect(end, nowMs)
    for (const entry of this.#due) onDue(entry)
    this.#due.length = 0
  }

  /** Takes the due entries out of a slot; those of a past slot that are not due are filed again. */
  #collect(slot: number, nowMs: number): void {
    let next = NONE
    for (let entry = this.#headOf(slot); entry !== NONE; entry = next) {
      next = this.#next[entry] ?? NONE
      const deadlineMs = this.#deadlines[entry] ?? Number.POSITIVE_INFINITY
      if (deadlineMs <= nowMs) {
        this.#unfile(entry)
        this.#deadlines[entry] = Number.POSITIVE_INFINITY
        this.#due.push(entry)
      } else if (slot < slotOf(nowMs)) {
        this.#unfile(entry)
        this.#file(entry, this.#fileSlot(deadlineMs, slot + 1))
      }
    }
  }

  #headOf(slot: number): number {
    return this.#heads[slot & SLOT_MASK] ?? NONE
  }

  /** Deadlines past are filed under now, deadlines beyond the wheel's reach where they are met on the way. */
  #fileSlot(deadlineMs: number, firstSlot: number): number {
    return Math.min(Math.max(slotOf(deadlineMs), firstSlot), firstSlot + SLOT_COUNT - 2)
  }

  #file(entry: number, slot: number): void {
    const index = slot & SLOT_MASK
    const head = this.#heads[index] ?? NONE
    this.#next[entry] = head
    this.#previous[entry] = NONE
    if (head !== NONE) this.#previous[head] = entry
    this.#heads[index] = entry
    this.#filedAt[entry] = slot
    this.#size += 1
  }

  #unfile(entry: number): void {
    const next = this.#next[entry] ?? NONE
    const previous = this.#previous[entry] ?? NONE
    if (next !== NONE) this.#previous[next] = previous
    if (previous !== NONE) this.#next[previous] = next
    else this.#heads[(this.#filedAt[entry] ?? 0) & SLOT_MASK] = next
    this.#filedAt[entry] = NONE
    this.#size -= 1
  }

  #grow(entry: number): void {
    const capacity = Math.max(64, 2 ** Math.ceil(Math.log2(entry + 1)))
    this.#next = grown(new Int32Array(capacity), this.#next)
    this.#previous = grown(new Int32Array(capacity), this.#previous)
    this.#deadlines = grown(new Float64Array(capacity).fill(Number.POSITIVE_INFINITY), this.#deadlines)
    this.#filedAt = grown(new Float64Array(capacity).fill(NONE), this.#filedAt)
  }
}

function slotOf(timeMs: number): number {
  return Math.floor(timeMs / WHEEL_SLOT_MS)
}

function grown<T extends Int32Array | Float64Array>(bigger: T, smaller: T): T {
  bigger.set(smaller)
  return bigger
}
