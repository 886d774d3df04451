import { CREDIT_CONNECTION } from './frame-types.ts'
import { withEntry } from './sparse-list.ts'

/** New credit is given each time so much was delivered. */
export const CREDIT_STEP = 64 * 1024
/**
 * Every channel starts with this much credit; no CREDIT frame is needed for it. It is the largest message and one
 * step, so that what is left when no new credit is due yet always suffices for a message.
 */
export const INITIAL_CHANNEL_CREDIT = 256 * 1024 + CREDIT_STEP
/** The sum over all channels starts with this much. */
export const INITIAL_CONNECTION_CREDIT = 1024 * 1024

/** Bytes promised and allowed since the start, of one channel or of all. */
class Allowance {
  #committed = 0
  #limit = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  covers(bytes: number): boolean {
    return this.#committed + bytes <= this.#limit
  }

  commit(bytes: number): void {
    this.#committed += bytes
  }

  /** Takes the low 32 bits of a new limit. A limit never falls, so old frames change nothing. */
  raise(low32Bits: number): void {
    const increase = (low32Bits - this.#limit) | 0
    if (increase > 0) this.#limit += increase
  }
}

/**
 * The sending half of flow control. A message takes its whole length off the credit when its first fragment is
 * sent, so whatever was begun can be completed and two half-sent messages never wait for each other.
 */
export class SendCredit {
  readonly #total = new Allowance(INITIAL_CONNECTION_CREDIT)
  #channels: (Allowance | undefined)[] = []

  canCommit(channel: number, bytes: number): boolean {
    return this.#channel(channel).covers(bytes) && this.#total.covers(bytes)
  }

  commit(channel: number, bytes: number): void {
    this.#channel(channel).commit(bytes)
    this.#total.commit(bytes)
  }

  /** Takes a CREDIT frame: the low 32 bits of the new sum. */
  onCredit(channel: number, low32Bits: number): void {
    const allowance = channel === CREDIT_CONNECTION ? this.#total : this.#channel(channel)
    allowance.raise(low32Bits)
  }

  #channel(channel: number): Allowance {
    const known = this.#channels[channel]
    if (known !== undefined) return known
    const allowance = new Allowance(INITIAL_CHANNEL_CREDIT)
    this.#channels = withEntry(this.#channels, channel, allowance)
    return allowance
  }
}
