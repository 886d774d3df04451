import type { DueItem } from './due-heap.ts'
import type { Tickable } from './tick-scheduler.ts'

/** The rooms that are due at the same moment. */
export class DueBucket implements DueItem {
  nextDueMs = 0
  heapIndex = -1
  /** Those whose `bucket` is another one have left it. */
  readonly rooms: Tickable[] = []

  constructor(nextDueMs: number) {
    this.nextDueMs = nextDueMs
  }

  add(room: Tickable): void {
    room.bucket = this
    this.rooms.push(room)
  }

  forgetThoseWhoLeft(): void {
    const staying = this.rooms.filter((room) => room.bucket === this)
    this.rooms.length = 0
    this.rooms.push(...staying)
  }
}
