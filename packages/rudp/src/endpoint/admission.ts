import { addressPrefix } from './address-prefix.ts'
import type { EndpointLimits } from './endpoint-limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** A flood of valid rate is let through for this long before a budget bites. */
const BUDGET_BURST_SECONDS = 0.1

/** Who may come in, as far as rates and counts of addresses decide it. All of it is bounded. */
export class Admission {
  readonly #limits: EndpointLimits
  readonly #hellos: TokenBucket
  readonly #connects: TokenBucket
  readonly #resets: TokenBucket
  readonly #prefixes = new Map<string, TokenBucket>()
  readonly #connectionsByIp = new Map<string, number>()

  constructor(limits: EndpointLimits, nowMs: number) {
    this.#limits = limits
    const budget = (rate: number) => new TokenBucket(rate, Math.ceil(rate * BUDGET_BURST_SECONDS), nowMs)
    this.#hellos = budget(limits.hellosPerSecond)
    this.#connects = budget(limits.connectsPerSecond)
    this.#resets = new TokenBucket(limits.resetsPerSecond, limits.resetsPerSecond, nowMs)
  }

  takeHello(nowMs: number): boolean {
    return this.#hellos.take(nowMs)
  }

  takeConnect(nowMs: number): boolean {
    return this.#connects.take(nowMs)
  }

  takeReset(nowMs: number): boolean {
    return this.#limits.resetsPerSecond > 0 && this.#resets.take(nowMs)
  }

  /** One CONNECT from a validated address: does its neighbourhood have budget left? */
  takeFromPrefix(ip: string, nowMs: number): boolean {
    const { connectsPerSecondPerPrefix: rate, connectBurstPerPrefix: burst, maxPrefixes } = this.#limits
    if (rate === 0) return true
    const prefix = addressPrefix(ip)
    const bucket = this.#prefixes.get(prefix) ?? new TokenBucket(rate, burst, nowMs)
    // Taken out and put back: the map's order is that of use, its first entry the least recent.
    this.#prefixes.delete(prefix)
    this.#prefixes.set(prefix, bucket)
    if (this.#prefixes.size > maxPrefixes) {
      for (const oldest of this.#prefixes.keys()) {
        this.#prefixes.delete(oldest)
        break
      }
    }
    return bucket.take(nowMs)
  }

  /** Whether one more connection from this address is within the limit. */
  hasRoomFor(ip: string): boolean {
    const limit = this.#limits.maxConnectionsPerAddress
    return limit === 0 || (this.#connectionsByIp.get(ip) ?? 0) < limit
  }

  addConnection(ip: string): void {
    this.#connectionsByIp.set(ip, (this.#connectionsByIp.get(ip) ?? 0) + 1)
  }

  removeConnection(ip: string): void {
    const count = (this.#connectionsByIp.get(ip) ?? 0) - 1
    if (count > 0) this.#connectionsByIp.set(ip, count)
    else this.#connectionsByIp.delete(ip)
  }
}
