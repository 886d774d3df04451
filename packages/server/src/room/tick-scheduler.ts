import type { Clock, TimerHandle } from '../clock.ts'
import { DueHeap, type DueItem } from './due-heap.ts'

/** A room as the scheduler sees it. */
export interface Tickable extends DueItem {
  /** Runs the tick that is due and moves `nextDueMs` on. Must not throw. */
  runTick(nowMs: number): void
}

/** Runs all rooms of one host from a single timer, each at its own due time, earliest first. */
export class TickScheduler {
  readonly #clock: Clock
  readonly #heap = new DueHeap<Tickable>()
  #timer: TimerHandle | undefined
  /** Of the deferral that counts; one that was called off finds another number. */
  #deferral = 0
  #timerDueMs = Number.POSITIVE_INFINITY
  #isRunning = false
  readonly #run = (): void => this.#runDue()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#heap.size
  }

  add(room: Tickable): void {
    this.#heap.push(room)
    this.#arm()
  }

  remove(room: Tickable): void {
    this.#heap.remove(room)
    if (this.#heap.size === 0) this.#disarm()
  }

  close(): void {
    for (let room = this.#heap.peek(); room !== undefined; room = this.#heap.peek()) this.#heap.remove(room)
    this.#disarm()
  }

  #runDue(): void {
    this.#timer = undefined
    this.#timerDueMs = Number.POSITIVE_INFINITY
    this.#isRunning = true
    // A room that is always late is due again at once: it waits for the next timer, so that the event loop turns.
    const startMs = this.#clock.nowMs()
    for (let room = this.#heap.peek(); room !== undefined; room = this.#heap.peek()) {
      if (room.nextDueMs > startMs) break
      room.runTick(this.#clock.nowMs())
      // The tick may have ended the room.
      if (room.heapIndex >= 0) this.#heap.update(room)
    }
    this.#isRunning = false
    this.#arm()
  }

  #arm(): void {
    const next = this.#heap.peek()
    if (this.#isRunning || next === undefined || next.nextDueMs >= this.#timerDueMs) return
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
