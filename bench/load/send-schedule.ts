/** Neighbours in the list of senders send this share of the period apart: those of one room spread over all of it. */
const GOLDEN_RATIO = 0.618_033_988_749_895

export interface SendScheduleOptions {
  readonly senders: number
  /** Of each sender. */
  readonly perSecond: number
  readonly startMs: number
}

/**
 * Who sends when: every sender at the same rate, phases spread evenly, each sending at `start + phase + n × period`. So a
 * delay moves nothing that comes after it, and what was sent late is known to be late.
 */
export class SendSchedule {
  readonly #startMs: number
  readonly #gapMs: number
  readonly #senderAt: Uint32Array
  readonly #placeOf: Uint32Array
  #next = 0

  constructor({ senders, perSecond, startMs }: SendScheduleOptions) {
    this.#startMs = startMs
    this.#gapMs = 1000 / (senders * perSecond)
    this.#senderAt = new Uint32Array(senders)
    this.#placeOf = new Uint32Array(senders)
    const stride = coprimeNear(senders * GOLDEN_RATIO, senders)
    for (let sender = 0; sender < senders; sender += 1) {
      const place = (sender * stride) % senders
      this.#senderAt[place] = sender
      this.#placeOf[sender] = place
    }
  }

  /** How many were taken. */
  get taken(): number {
    return this.#next
  }

  /** How many are due by then. */
  dueBy(ms: number): number {
    return Math.max(0, Math.floor((ms - this.#startMs) / this.#gapMs) + 1)
  }

  /** When the next one is due. */
  nextDueMs(): number {
    return this.#startMs + this.#next * this.#gapMs
  }

  /** Takes the next one. @returns its sender */
  take(): number {
    const sender = this.#senderAt[this.#next % this.#senderAt.length] as number
    this.#next += 1
    return sender
  }

  /** When the `sequence`-th message of a sender, from 0, is due. */
  dueMs(sender: number, sequence: number): number {
    const place = this.#placeOf[sender] as number
    return this.#startMs + (sequence * this.#senderAt.length + place) * this.#gapMs
  }
}

function coprimeNear(value: number, modulus: number): number {
  let candidate = Math.max(1, Math.floor(value))
  while (greatestCommonDivisor(candidate, modulus) !== 1) candidate += 1
  return candidate
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other)
}
