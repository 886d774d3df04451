/** What {@link SingleUseCache} knows of an id. */
export type ClaimResult =
  /** Nobody has used the id: it is, or may become, this holder's. */
  | 'free'
  /** The same holder has claimed it before and not used it up. */
  | 'again'
  /** Somebody else holds it, or it has been used up. */
  | 'taken'
  /** The cache holds as many living ids as it may: refuse, or a second use could go unnoticed. */
  | 'full'

interface Claim {
  readonly holder: string
  readonly expiresAtMs: number
  isUsedUp: boolean
}

/** Expired ids removed per claim, so that no call has much to do. */
const SWEEP_PER_CLAIM = 4
/** How often all of a full cache may be searched for expired ids. */
const FULL_SWEEP_INTERVAL_MS = 1_000

/**
 * Remembers ids until they expire, so that each is used once and by one holder only. Bounded: when every entry is
 * alive it refuses new ones instead of forgetting an old one.
 */
export class SingleUseCache {
  readonly #capacity: number
  readonly #claims = new Map<string, Claim>()
  #nextFullSweepMs = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#claims.size
  }

  /** What {@link claim} would answer, without claiming. */
  peek(id: string, holder: string, nowMs: number): ClaimResult {
    const known = this.#claims.get(id)
    if (known !== undefined && known.expiresAtMs > nowMs) {
      return known.holder === holder && !known.isUsedUp ? 'again' : 'taken'
    }
    return known === undefined && this.#claims.size >= this.#capacity ? 'full' : 'free'
  }

  /** Claims an id for a holder until a time on the same clock as `nowMs`. `free` means it is claimed now. */
  claim(id: string, holder: string, expiresAtMs: number, nowMs: number): ClaimResult {
    this.#sweep(nowMs)
    const result = this.peek(id, holder, nowMs)
    if (result === 'free') {
      this.#claims.delete(id)
      this.#claims.set(id, { holder, expiresAtMs, isUsedUp: false })
    }
    return result
  }

  /** The claim has served its purpose: from now on not even its holder may repeat it. */
  useUp(id: string): void {
    const claim = this.#claims.get(id)
    if (claim !== undefined) claim.isUsedUp = true
  }

  /** Oldest first. Where lives differ, a long one hides the expired ones behind it until the cache is full. */
  #sweep(nowMs: number): void {
    const isFullSweep = this.#claims.size >= this.#capacity && nowMs >= this.#nextFullSweepMs
    if (isFullSweep) this.#nextFullSweepMs = nowMs + FULL_SWEEP_INTERVAL_MS
    let left = isFullSweep ? this.#claims.size : SWEEP_PER_CLAIM
    for (const [id, claim] of this.#claims) {
      if (left === 0 || (claim.expiresAtMs > nowMs && !isFullSweep)) return
      if (claim.expiresAtMs <= nowMs) this.#claims.delete(id)
      left -= 1
    }
  }
}
