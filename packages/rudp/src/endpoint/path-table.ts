import type { PathId } from '../core/connection-options.ts'
import type { Address } from './address.ts'

interface KnownPath {
  readonly id: PathId
  readonly address: Address
}

/** Addresses a connection may be reached at while it moves: the proven one, the one before, one being tried. */
const MAX_PATHS = 4

/**
 * Names the addresses of one connection's peer by small numbers. A new address gets a number on trial, which is kept
 * only when a datagram from it turned out to be authentic, so that strangers cannot push known addresses out.
 */
export class PathTable {
  #paths: KnownPath[]
  #currentId: PathId = 0
  #nextId: PathId = 1

  constructor(first: Address) {
    this.#paths = [{ id: 0, address: { ip: first.ip, port: first.port } }]
  }

  /** The number of an address, or undefined when it is new. */
  find(remote: Address): PathId | undefined {
    for (const { id, address } of this.#paths) {
      if (address.port === remote.port && address.ip === remote.ip) return id
    }
    return undefined
  }

  /** Numbers a new address. Undo with {@link forget} unless its datagram was authentic. */
  add(remote: Address): PathId {
    const id = this.#nextId
    this.#nextId += 1
    this.#paths.push({ id, address: { ip: remote.ip, port: remote.port } })
    return id
  }

  forget(id: PathId): void {
    this.#paths = this.#paths.filter((path) => path.id !== id)
  }

  /** Drops the oldest address but the current one when there are more than are needed. */
  trim(): void {
    if (this.#paths.length <= MAX_PATHS) return
    const oldest = this.#paths.find((path) => path.id !== this.#currentId)
    if (oldest !== undefined) this.forget(oldest.id)
  }

  /** The peer has proved that it is at this address. */
  setCurrent(id: PathId): void {
    this.#currentId = id
  }

  get current(): Address {
    return this.addressOf(this.#currentId) ?? { ip: '', port: 0 }
  }

  addressOf(id: PathId): Address | undefined {
    for (const path of this.#paths) if (path.id === id) return path.address
    return undefined
  }

  isSameHost(a: PathId, b: PathId): boolean {
    const ip = this.addressOf(a)?.ip
    return ip !== undefined && ip === this.addressOf(b)?.ip
  }
}
