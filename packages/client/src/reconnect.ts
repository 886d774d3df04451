/** How a client comes back after its connection was lost. */
export interface ReconnectOptions {
  /** The first wait is below this. */
  readonly baseDelayMs: number
  /** No wait is above this, unless the server asks for more. */
  readonly maxDelayMs: number
  /** Tries in a row before the client gives up. */
  readonly maxAttempts: number
}

export const DEFAULT_RECONNECT: ReconnectOptions = {
  baseDelayMs: 250,
  maxDelayMs: 8_000,
  maxAttempts: Number.POSITIVE_INFINITY,
}

/**
 * Exponential back-off with full jitter: the n-th wait is uniform in [0, min(maxDelayMs, baseDelayMs · 2ⁿ)), so that
 * clients which lost the same server at once come back spread out
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export class Backoff {
  readonly #options: ReconnectOptions
  readonly #random: () => number
  #attempts = 0

  /** @param random uniform in [0, 1) */
  constructor(options: ReconnectOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  /** Tries since the last {@link reset}. */
  get attempts(): number {
    return this.#attempts
  }

  get isExhausted(): boolean {
    return this.#attempts >= this.#options.maxAttempts
  }

  /** Counts one more try and says how long to wait before it; what the server asked for comes on top. */
  nextDelayMs(retryAfterMs = 0): number {
    const { baseDelayMs, maxDelayMs } = this.#options
    const boundMs = Math.min(maxDelayMs, baseDelayMs * 2 ** this.#attempts)
    this.#attempts++
    return retryAfterMs + this.#random() * boundMs
  }

  reset(): void {
    this.#attempts = 0
  }
}
