import { CREDIT_CONNECTION } from './frame-types.ts'
import { MAX_CHANNELS } from './limits.ts'

/** Every channel starts with this much credit; no CREDIT frame is needed for it. */
export const INITIAL_CHANNEL_CREDIT = 256 * 1024
/** The sum over all channels starts with this much. */
export const INITIAL_CONNECTION_CREDIT = 1024 * 1024

/**
 * The sending half of flow control. A message takes its whole length off the credit when its first fragment is
 * sent, so whatever was begun can be completed and two half-sent messages never wait for each other.
 */
export class SendCredit {
  readonly #committed = new Float64Array(MAX_CHANNELS)
  readonly #limits = new Float64Array(MAX_CHANNELS).fill(INITIAL_CHANNEL_CREDIT)
  #totalCommitted = 0
  #totalLimit = INITIAL_CONNECTION_CREDIT

  canCommit(channel: number, bytes: number): boolean {
    return (
      this.#committed[channel]! + bytes <= this.#limits[channel]! &&
      this.#totalCommitted + bytes <= this.#totalLimit
    )
  }

  commit(channel: number, bytes: number): void {
    this.#committed[channel]! += bytes
    this.#totalCommitted += bytes
  }

  /** Takes a CREDIT frame: the low 32 bits of the new sum. Credit never shrinks, so old frames change nothing. */
  onCredit(channel: number, low32Bits: number): void {
    if (channel === CREDIT_CONNECTION) {
      this.#totalLimit = raised(this.#totalLimit, low32Bits)
    } else {
      this.#limits[channel] = raised(this.#limits[channel]!, low32Bits)
    }
  }
}

function raised(limit: number, low32Bits: number): number {
  const increase = (low32Bits - limit) | 0
  return increase > 0 ? limit + increase : limit
}
