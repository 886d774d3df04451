import { addressKey } from './address-key.ts'
import { TokenBucket } from './token-bucket.ts'

/** Who opened none for so long may open what it saved at once. */
const BURST_SECONDS = 2

/** About 2 MB. Beyond it the address that was quiet the longest is forgotten: that errs in the client's favour. */
const ADDRESSES_KEPT = 16_384

export interface ConnectionRateOptions {
  /** 0 = not limited. */
  readonly perSecond: number
  readonly addressesKept?: number
}

/** How often one address may connect. */
export class ConnectionRate {
  readonly #perSecond: number
  readonly #addressesKept: number
  /** Those that connected last are at the end. */
  readonly #buckets = new Map<string, TokenBucket>()

  constructor({ perSecond, addressesKept = ADDRESSES_KEPT }: ConnectionRateOptions) {
    this.#perSecond = perSecond
    this.#addressesKept = addressesKept
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** Counts a connection; false when it is one too many. */
  admits(address: string, nowMs: number): boolean {
    if (this.#perSecond === 0) return true
    const key = addressKey(address)
    const bucket = this.#buckets.get(key) ?? this.#newBucket(nowMs)
    this.#buckets.delete(key)
    this.#forget(nowMs)
    this.#buckets.set(key, bucket)
    const isAdmitted = bucket.has(1, nowMs)
    if (isAdmitted) bucket.take(1)
    return isAdmitted
  }

  #newBucket(nowMs: number): TokenBucket {
    return new TokenBucket({ ratePerSecond: this.#perSecond, burst: this.#perSecond * BURST_SECONDS }, nowMs)
  }

  /** Drops from the quiet end what a new bucket would replace as well, and what there is no room for. */
  #forget(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#buckets.size < this.#addressesKept && !bucket.isFull(nowMs)) return
      this.#buckets.delete(key)
    }
  }
}
