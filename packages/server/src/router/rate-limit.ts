import { TokenBucket } from '../peer/token-bucket.ts'

/** Who sent nothing for so long may send what it saved at once. */
const BURST_SECONDS = 2

/** A sender that floods a room hears of it so often at most: the answer to a flood is no flood. */
const TELL_EVERY_MS = 100

export interface RateLimits {
  /** 0 = not limited. */
  readonly messagesPerSecond: number
  /** 0 = not limited. */
  readonly bytesPerSecond: number
}

/** How many messages and bytes one session may send. Runs for each frame and allocates nothing. */
export class RateLimit {
  readonly #messages: TokenBucket | undefined
  readonly #bytes: TokenBucket | undefined
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(limits: RateLimits, nowMs: number) {
    this.#messages = bucketOf(limits.messagesPerSecond, nowMs)
    this.#bytes = bucketOf(limits.bytesPerSecond, nowMs)
  }

  /** Counts one frame. @returns the limit that is passed; the frame is not counted then */
  passed(sizeBytes: number, nowMs: number): keyof RateLimits | undefined {
    if (this.#messages?.has(1, nowMs) === false) return 'messagesPerSecond'
    if (this.#bytes?.has(sizeBytes, nowMs) === false) return 'bytesPerSecond'
    this.#messages?.take(1)
    this.#bytes?.take(sizeBytes)
    return undefined
  }

  /** Whether a refusal that answers no request may be sent now; the caller sends it then. */
  mayTell(nowMs: number): boolean {
    if (nowMs - this.#toldMs < TELL_EVERY_MS) return false
    this.#toldMs = nowMs
    return true
  }

  /**
   * A client that was away sends at once what it would have sent meanwhile, and nothing of it may be lost.
   * @param mostMs The longest a session can be without a word from its client.
   */
  catchUp(nowMs: number, mostMs: number): void {
    this.#messages?.fillBeyondBurst(nowMs, mostMs)
    this.#bytes?.fillBeyondBurst(nowMs, mostMs)
  }
}

function bucketOf(ratePerSecond: number, nowMs: number): TokenBucket | undefined {
  if (ratePerSecond === 0) return undefined
  return new TokenBucket({ ratePerSecond, burst: ratePerSecond * BURST_SECONDS }, nowMs)
}
