import type { RoomId } from '../../ids.ts'

/** Short names for rooms on their way between threads: the node gives them out, a worker learns them. */
export class RoomNumbers {
  readonly #numbers = new Map<RoomId, number>()
  readonly #ids = new Map<number, RoomId>()
  #last = 0

  /** Names a new room. */
  assign(id: RoomId): number {
    const number = ++this.#last
    this.learn(id, number)
    return number
  }

  learn(id: RoomId, number: number): void {
    this.#numbers.set(id, number)
    this.#ids.set(number, id)
  }

  numberOf(id: RoomId): number | undefined {
    return this.#numbers.get(id)
  }

  idOf(number: number): RoomId | undefined {
    return this.#ids.get(number)
  }

  /** Every room that has not been forgotten. */
  ids(): RoomId[] {
    return [...this.#numbers.keys()]
  }

  forget(id: RoomId): void {
    const number = this.#numbers.get(id)
    if (number === undefined) return
    this.#numbers.delete(id)
    this.#ids.delete(number)
  }
}
