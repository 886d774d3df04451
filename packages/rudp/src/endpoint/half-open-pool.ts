import { equalBytes } from '../crypto/constant-time.ts'
import { CONNECT_PROOF_BYTES } from '../handshake/connect-packet.ts'
import type { Address } from './address.ts'
import type { LiveConnection } from './live-connection.ts'

/** A client that was accepted and has not yet proved to have the keys. */
export interface HalfOpen {
  readonly connection: LiveConnection
  /** The client's address and port ({@link holderOf}). */
  readonly holder: string
  /** The proof of the CONNECT that was accepted: a packet with the same proof is the same packet. */
  readonly proof: Uint8Array
  /** The whole answer, for when the client asks again. */
  readonly accept: Uint8Array
  readonly claimId: string
  readonly expiresAtMs: number
}

/** The half-open connections, at most one per client address, oldest first. */
export class HalfOpenPool {
  readonly #byHolder = new Map<string, HalfOpen>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#byHolder.size
  }

  get isFull(): boolean {
    return this.#byHolder.size >= this.#capacity
  }

  /** When the oldest must have confirmed; Infinity when there is none. */
  nextExpiryMs(): number {
    for (const { expiresAtMs } of this.#byHolder.values()) return expiresAtMs
    return Number.POSITIVE_INFINITY
  }

  get(holder: string): HalfOpen | undefined {
    return this.#byHolder.get(holder)
  }

  add(halfOpen: HalfOpen): void {
    this.#byHolder.set(halfOpen.holder, halfOpen)
  }

  remove(holder: string): void {
    this.#byHolder.delete(holder)
  }

  /** Takes one connection out whose time is over. */
  takeExpired(nowMs: number): HalfOpen | undefined {
    for (const halfOpen of this.#byHolder.values()) {
      if (halfOpen.expiresAtMs > nowMs) return undefined
      this.#byHolder.delete(halfOpen.holder)
      return halfOpen
    }
    return undefined
  }
}

/** An address as one string: who holds a half-open connection, a token or a cookie. */
export function holderOf(remote: Address): string {
  return `${remote.ip}|${remote.port}`
}

/** Whether a CONNECT is the very one that was accepted, sent again. */
export function isRepetition(halfOpen: HalfOpen, proof: Uint8Array): boolean {
  return equalBytes(halfOpen.proof, 0, proof, 0, CONNECT_PROOF_BYTES)
}
