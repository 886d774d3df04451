import type { Clock, TimerHandle } from '../clock.ts'
import { DueBucket } from './due-bucket.ts'
import { DueHeap } from './due-heap.ts'

/** A room as the scheduler sees it. */
export interface Tickable {
  readonly nextDueMs: number
  /** Written by the scheduler; undefined = not in it. */
  bucket: DueBucket | undefined
  /** Runs the tick that is due and moves `nextDueMs` on. Must not throw. */
  runTick(nowMs: number): void
}

/**
 * Runs all rooms of one host from a single timer, each at its own due time, earliest first. Rooms that are due at the same
 * moment move on together as long as they remain so: neither a timer nor a place in the order is spent on each of them.
 */
export class TickScheduler {
  readonly #clock: Clock
  readonly #heap = new DueHeap<DueBucket>()
  readonly #buckets = new Map<number, DueBucket>()
  #size = 0
  #running: DueBucket | undefined
  /** A room has left the bucket that runs. */
  #isThinned = false
  #timer: TimerHandle | undefined
  /** Of the deferral that counts; one that was called off finds another number. */
  #deferral = 0
  #timerDueMs = Number.POSITIVE_INFINITY
  readonly #run = (): void => this.#runDue()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  add(room: Tickable): void {
    this.#size++
    this.#place(room)
    this.#arm()
  }

  remove(room: Tickable): void {
    const { bucket } = room
    if (bucket === undefined) return
    room.bucket = undefined
    this.#size--
    // The bucket that runs lets go of those who left it when it is through.
    if (bucket === this.#running) this.#isThinned = true
    else {
      bucket.rooms.splice(bucket.rooms.indexOf(room), 1)
      if (bucket.rooms.length === 0) this.#take(bucket)
    }
    if (this.#size === 0) this.#disarm()
  }

  close(): void {
    for (const bucket of this.#buckets.values()) leaveAll(bucket)
    if (this.#running !== undefined) leaveAll(this.#running)
    this.#isThinned = true
    for (let bucket = this.#heap.peek(); bucket !== undefined; bucket = this.#heap.peek()) this.#take(bucket)
    this.#size = 0
    this.#disarm()
  }

  #runDue(): void {
    this.#timer = undefined
    this.#timerDueMs = Number.POSITIVE_INFINITY
    // A room that is always late is due again at once: it waits for the next timer, so that the event loop turns.
    const startMs = this.#clock.nowMs()
    for (let bucket = this.#heap.peek(); bucket !== undefined; bucket = this.#heap.peek()) {
      if (bucket.nextDueMs > startMs) break
      this.#take(bucket)
      this.#running = bucket
      this.#runBucket(bucket)
      this.#running = undefined
    }
    this.#arm()
  }

  /** Ticks the rooms of a bucket and keeps those together that are due together again. */
  #runBucket(bucket: DueBucket): void {
    const { rooms } = bucket
    let kept = 0
    this.#isThinned = false
    // While it runs no room comes to it: it is not among the buckets.
    for (let index = 0; index < rooms.length; index++) {
      const room = rooms[index] as Tickable
      if (room.bucket !== bucket) continue
      room.runTick(this.#clock.nowMs())
      // The tick may have ended the room.
      if (room.bucket !== bucket) continue
      const dueMs = room.nextDueMs
      if (kept === 0) bucket.nextDueMs = dueMs
      if (dueMs === bucket.nextDueMs) rooms[kept++] = room
      else this.#place(room)
    }
    if (kept < rooms.length) rooms.length = kept
    if (this.#isThinned) bucket.forgetThoseWhoLeft()
    if (rooms.length > 0) this.#put(bucket)
  }

  #place(room: Tickable): void {
    let bucket = this.#buckets.get(room.nextDueMs)
    if (bucket === undefined) {
      bucket = new DueBucket(room.nextDueMs)
      this.#put(bucket)
    }
    bucket.add(room)
  }

  #put(bucket: DueBucket): void {
    const other = this.#buckets.get(bucket.nextDueMs)
    if (other === undefined) {
      this.#buckets.set(bucket.nextDueMs, bucket)
      this.#heap.push(bucket)
    } else for (const room of bucket.rooms) other.add(room)
  }

  #take(bucket: DueBucket): void {
    this.#heap.remove(bucket)
    this.#buckets.delete(bucket.nextDueMs)
  }

  #arm(): void {
    const next = this.#heap.peek()
    if (this.#running !== undefined || next === undefined || next.nextDueMs >= this.#timerDueMs) return
    this.#disarm()
    this.#timerDueMs = next.nextDueMs
    const delayMs = next.nextDueMs - this.#clock.nowMs()
    if (delayMs > 0) {
      this.#timer = this.#clock.setTimer(this.#run, delayMs)
      return
    }
    // What is due already waits for one turn of the event loop, not for the millisecond that a timer takes at least.
    const deferral = this.#deferral
    this.#clock.defer(() => {
      if (deferral === this.#deferral) this.#run()
    })
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#deferral++
    this.#timerDueMs = Number.POSITIVE_INFINITY
  }
}

function leaveAll(bucket: DueBucket): void {
  for (const room of bucket.rooms) if (room.bucket === bucket) room.bucket = undefined
}
