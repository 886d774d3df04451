import { matchesClass } from './character-class.ts'

/** What is wrong with a pattern or with the use of its captures. Becomes a Lua error. */
export class PatternProblem extends Error {}

export const NO_MATCH = -1
/** Lengths of captures that are no text (yet). */
const UNFINISHED = -1
export const POSITION = -2

const MAX_CAPTURES = 32
/** Lua's own bound on patterns within patterns. */
const MAX_DEPTH = 200
const STEPS_PER_CHARGE = 1000

const OPEN = 0x28
const CLOSE = 0x29
const DOLLAR = 0x24
const ESCAPE = 0x25
const STAR = 0x2a
const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const QUESTION = 0x3f
const BRACKET = 0x5b
const END_BRACKET = 0x5d
const CARET = 0x5e
const DIGIT_0 = 0x30
const DIGIT_1 = 0x31
const DIGIT_9 = 0x39
const LETTER_B = 0x62
const LETTER_F = 0x66

/**
 * Matches Lua patterns (manual §6.4.1) as Lua's own matcher does, with one difference: it counts its steps.
 * A pattern of a few characters can keep a backtracking matcher busy for centuries, and nothing could stop
 * Lua's, which is C. Subject and pattern are given as addresses in one memory; both strings must end in a
 * zero byte, as Lua's do.
 */
export class PatternMatcher {
  /** How many captures the last match has. */
  captureCount = 0

  readonly #spend: (steps: number) => void
  readonly #captureStart = new Int32Array(MAX_CAPTURES)
  readonly #captureLength = new Int32Array(MAX_CAPTURES)
  #bytes: Uint8Array = new Uint8Array()
  #subject = 0
  #subjectEnd = 0
  #patternEnd = 0
  #depth = 0
  #steps = 0

  /** `spend` is told every so often how many steps were made, and may throw to end the match. */
  constructor(spend: (steps: number) => void) {
    this.#spend = spend
  }

  /** Says where the strings are; before every match, since the memory may have moved. */
  prepare(bytes: Uint8Array, subject: number, subjectEnd: number, patternEnd: number): void {
    this.#bytes = bytes
    this.#subject = subject
    this.#subjectEnd = subjectEnd
    this.#patternEnd = patternEnd
  }

  /**
   * Matches the pattern from `pattern` on against the subject at `at` alone, and answers with the end of the
   * match or {@link NO_MATCH}.
   *
   * @throws PatternProblem for a malformed pattern
   */
  match(at: number, pattern: number): number {
    this.captureCount = 0
    this.#depth = MAX_DEPTH
    return this.#match(at, pattern)
  }

  /** The steps made since they were told to `spend` or taken last. */
  takeSteps(): number {
    const steps = this.#steps
    this.#steps = 0
    return steps
  }

  captureStart(index: number): number {
    return this.#captureStart[index] ?? 0
  }

  /** The length of a capture's text, or {@link POSITION}. */
  captureLength(index: number): number {
    const length = this.#captureLength[index] ?? 0
    if (length === UNFINISHED) throw new PatternProblem('unfinished capture')
    return length
  }

  #match(at: number, pattern: number): number {
    if (this.#depth-- === 0) throw new PatternProblem('pattern too complex')
    const end = this.#matchHere(at, pattern)
    this.#depth++
    return end
  }

  #matchHere(start: number, pattern: number): number {
    const bytes = this.#bytes
    let s = start
    let p = pattern
    while (p !== this.#patternEnd) {
      switch (bytes[p]) {
        case OPEN:
          return bytes[p + 1] === CLOSE
            ? this.#openCapture(s, p + 2, POSITION)
            : this.#openCapture(s, p + 1, UNFINISHED)
        case CLOSE:
          return this.#closeCapture(s, p + 1)
        case DOLLAR:
          if (p + 1 === this.#patternEnd) return s === this.#subjectEnd ? s : NO_MATCH
          break
        case ESCAPE: {
          const letter = bytes[p + 1] ?? 0
          if (letter === LETTER_B) {
            s = this.#matchBalance(s, p + 2)
            p += 4
          } else if (letter === LETTER_F) {
            p += 2
            const classEnd = this.#frontierEnd(p)
            if (!this.#isFrontier(s, p, classEnd)) return NO_MATCH
            p = classEnd
          } else if (letter >= DIGIT_0 && letter <= DIGIT_9) {
            s = this.#matchCapture(s, letter)
            p += 2
          } else break
          if (s === NO_MATCH) return NO_MATCH
          continue
        }
      }
      const classEnd = this.#classEnd(p)
      switch (bytes[classEnd]) {
        case QUESTION: {
          if (this.#matchesOne(s, p, classEnd)) {
            const end = this.#match(s + 1, classEnd + 1)
            if (end !== NO_MATCH) return end
          }
          p = classEnd + 1
          break
        }
        case PLUS:
          return this.#matchesOne(s, p, classEnd) ? this.#matchMost(s + 1, p, classEnd) : NO_MATCH
        case STAR:
          return this.#matchMost(s, p, classEnd)
        case MINUS:
          return this.#matchLeast(s, p, classEnd)
        default:
          if (!this.#matchesOne(s, p, classEnd)) return NO_MATCH
          s++
          p = classEnd
      }
    }
    return s
  }

  /** As many repetitions as possible, then fewer. */
  #matchMost(start: number, p: number, classEnd: number): number {
    let s = start
    while (this.#matchesOne(s, p, classEnd)) s++
    for (; s >= start; s--) {
      const end = this.#match(s, classEnd + 1)
      if (end !== NO_MATCH) return end
      this.#step()
    }
    return NO_MATCH
  }

  /** As few repetitions as possible, then more. */
  #matchLeast(start: number, p: number, classEnd: number): number {
    for (let s = start; ; s++) {
      const end = this.#match(s, classEnd + 1)
      if (end !== NO_MATCH) return end
      if (!this.#matchesOne(s, p, classEnd)) return NO_MATCH
    }
  }

  /** Whether the byte at `s` matches the single class that goes from `p` to `classEnd`. */
  #matchesOne(s: number, p: number, classEnd: number): boolean {
    this.#step()
    if (s >= this.#subjectEnd) return false
    const byte = this.#bytes[s] ?? 0
    switch (this.#bytes[p]) {
      case DOT:
        return true
      case ESCAPE:
        return matchesClass(byte, this.#bytes[p + 1] ?? 0)
      case BRACKET:
        return this.#isInSet(byte, p, classEnd - 1)
      default:
        return this.#bytes[p] === byte
    }
  }

  /** Whether a byte is in the set whose brackets are at `p` and `end`. */
  #isInSet(byte: number, p: number, end: number): boolean {
    const bytes = this.#bytes
    const isComplement = bytes[p + 1] === CARET
    for (let at = isComplement ? p + 2 : p + 1; at < end; at++) {
      this.#step()
      const first = bytes[at] ?? 0
      if (first === ESCAPE) {
        at++
        if (matchesClass(byte, bytes[at] ?? 0)) return !isComplement
      } else if (bytes[at + 1] === MINUS && at + 2 < end) {
        at += 2
        if (first <= byte && byte <= (bytes[at] ?? 0)) return !isComplement
      } else if (first === byte) return !isComplement
    }
    return isComplement
  }

  /** Where the single class that begins at `p` ends. */
  #classEnd(p: number): number {
    const bytes = this.#bytes
    let at = p + 1
    if (bytes[p] === ESCAPE) {
      if (at === this.#patternEnd) throw new PatternProblem("malformed pattern (ends with '%')")
      return at + 1
    }
    if (bytes[p] !== BRACKET) return at
    if (bytes[at] === CARET) at++
    do {
      this.#step()
      if (at === this.#patternEnd) throw new PatternProblem("malformed pattern (missing ']')")
      if (bytes[at++] === ESCAPE && at < this.#patternEnd) at++
    } while (bytes[at] !== END_BRACKET)
    return at + 1
  }

  /** `%bxy` */
  #matchBalance(start: number, p: number): number {
    if (p >= this.#patternEnd - 1) {
      throw new PatternProblem("malformed pattern (missing arguments to '%b')")
    }
    const bytes = this.#bytes
    const [open, close] = [bytes[p], bytes[p + 1]]
    if (start >= this.#subjectEnd || bytes[start] !== open) return NO_MATCH
    let level = 1
    for (let s = start + 1; s < this.#subjectEnd; s++) {
      this.#step()
      if (bytes[s] === close) {
        if (--level === 0) return s + 1
      } else if (bytes[s] === open) level++
    }
    return NO_MATCH
  }

  #frontierEnd(p: number): number {
    if (this.#bytes[p] === BRACKET) return this.#classEnd(p)
    throw new PatternProblem("missing '[' after '%f' in pattern")
  }

  /** `%f[set]`: the byte before is not in the set and the byte here is; zero stands for both ends. */
  #isFrontier(s: number, p: number, classEnd: number): boolean {
    const before = s === this.#subject ? 0 : (this.#bytes[s - 1] ?? 0)
    const here = s < this.#subjectEnd ? (this.#bytes[s] ?? 0) : 0
    return !this.#isInSet(before, p, classEnd - 1) && this.#isInSet(here, p, classEnd - 1)
  }

  #openCapture(s: number, p: number, length: number): number {
    const index = this.captureCount
    if (index >= MAX_CAPTURES) throw new PatternProblem('too many captures')
    this.#captureStart[index] = s
    this.#captureLength[index] = length
    this.captureCount = index + 1
    const end = this.#match(s, p)
    if (end === NO_MATCH) this.captureCount--
    return end
  }

  #closeCapture(s: number, p: number): number {
    let index = this.captureCount - 1
    while (index >= 0 && this.#captureLength[index] !== UNFINISHED) index--
    if (index < 0) throw new PatternProblem('invalid pattern capture')
    this.#captureLength[index] = s - this.captureStart(index)
    const end = this.#match(s, p)
    if (end === NO_MATCH) this.#captureLength[index] = UNFINISHED
    return end
  }

  /** `%1` to `%9`: what the capture holds, once more. */
  #matchCapture(s: number, digit: number): number {
    const index = digit - DIGIT_1
    if (index < 0 || index >= this.captureCount || this.#captureLength[index] === UNFINISHED) {
      throw new PatternProblem(`invalid capture index %${index + 1}`)
    }
    const length = this.#captureLength[index] ?? 0
    const start = this.captureStart(index)
    if (length < 0 || this.#subjectEnd - s < length) return NO_MATCH
    for (let at = 0; at < length; at++) {
      this.#step()
      if (this.#bytes[start + at] !== this.#bytes[s + at]) return NO_MATCH
    }
    return s + length
  }

  #step(): void {
    if (++this.#steps < STEPS_PER_CHARGE) return
    this.#steps = 0
    this.#spend(STEPS_PER_CHARGE)
  }
}
