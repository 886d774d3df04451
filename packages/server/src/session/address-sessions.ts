import { addressKey } from '../peer/address-key.ts'
import type { Session } from './session.ts'

/** How many sessions each address has: a session counts for the address that started it, until it ends. */
export class AddressSessions {
  readonly #counts = new Map<string, number>()
  readonly #keys = new Map<Session, string>()

  /** Sessions of an address, those that are away included. */
  of(address: string): number {
    return this.#counts.get(addressKey(address)) ?? 0
  }

  add(session: Session, address: string): void {
    const key = addressKey(address)
    this.#keys.set(session, key)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  delete(session: Session): void {
    const key = this.#keys.get(session)
    if (key === undefined) return
    this.#keys.delete(session)
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left === 0) this.#counts.delete(key)
    else this.#counts.set(key, left)
  }
}
