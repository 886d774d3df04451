import { EventQueue, TimedEvent } from './event-queue.ts'

/** Events that may happen without time moving on; more than this is a loop that feeds itself. */
const MAX_EVENTS_PER_INSTANT = 1_000_000

/** A callback at a time. It fires once per {@link ManualTimer.set}; it may set itself again while it runs. */
export class ManualTimer extends TimedEvent {
  readonly #clock: ManualClock
  readonly #callback: (nowMs: number) => void

  /** Use {@link ManualClock.timer}, {@link ManualClock.at} or {@link ManualClock.after}. */
  constructor(clock: ManualClock, callback: (nowMs: number) => void) {
    super()
    this.#clock = clock
    this.#callback = callback
  }

  get isSet(): boolean {
    return this.heapIndex >= 0
  }

  /** Arms the timer, or moves it. A time that has passed means now; Infinity disarms it. */
  set(atMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY) this.#clock.unschedule(this)
    else if (!this.isSet || this.atMs !== atMs) this.#clock.schedule(this, atMs)
  }

  cancel(): void {
    this.#clock.unschedule(this)
  }

  override fire(nowMs: number): void {
    this.#callback(nowMs)
  }
}

/**
 * Virtual time in milliseconds, which moves only when told to. Everything scheduled happens in order of time,
 * and in order of scheduling among equal times, with `now()` at its due time.
 *
 * @example
 * const clock = new ManualClock()
 * clock.after(20, () => console.log(clock.now())) // 20
 * clock.advance(100)
 */
export class ManualClock {
  readonly #events = new EventQueue()
  #nowMs = 0

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  /** Milliseconds since the clock's own zero; a float that never goes back. */
  now(): number {
    return this.#nowMs
  }

  /** When the next thing is due, Infinity when nothing is scheduled. */
  nextEventMs(): number {
    return this.#events.peek()?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** Timers and datagrams waiting for their time: zero at the end of a test that leaves nothing behind. */
  get pendingEvents(): number {
    return this.#events.size
  }

  /** A timer that is not armed yet, to be set again and again. */
  timer(callback: (nowMs: number) => void): ManualTimer {
    return new ManualTimer(this, callback)
  }

  /** Calls back once at a time; a time that has passed means now. */
  at(atMs: number, callback: (nowMs: number) => void): ManualTimer {
    const timer = this.timer(callback)
    timer.set(atMs)
    return timer
  }

  /** Calls back once after a delay in milliseconds. */
  after(delayMs: number, callback: (nowMs: number) => void): ManualTimer {
    return this.at(this.#nowMs + delayMs, callback)
  }

  /** Queues a reusable event; for simulators. Everyone else wants {@link ManualClock.at}. */
  schedule(event: TimedEvent, atMs: number): void {
    if (Number.isNaN(atMs)) throw new RangeError('An event needs a time, not NaN')
    this.#events.add(event, Math.max(atMs, this.#nowMs))
  }

  /** Takes an event out of the queue again; one that is not queued is left alone. */
  unschedule(event: TimedEvent): void {
    this.#events.remove(event)
  }

  /** Lets a span of time pass, running everything that is due in it. */
  advance(byMs: number): void {
    this.advanceTo(this.#nowMs + byMs)
  }

  /** Lets time pass until `toMs`, running everything that is due by then. */
  advanceTo(toMs: number): void {
    if (!(toMs >= this.#nowMs)) throw new RangeError(`Time cannot go from ${this.#nowMs} to ${toMs} ms`)
    this.#run(toMs, undefined)
    this.#nowMs = toMs
  }

  /**
   * Lets time pass from event to event until `isDone()` holds, which is asked before the first event and after
   * each. Time stops at the event that made it true, or at `deadlineMs`.
   * @returns whether `isDone()` held in time
   */
  runUntil(isDone: () => boolean, deadlineMs: number): boolean {
    if (isDone()) return true
    if (this.#run(deadlineMs, isDone)) return true
    this.#nowMs = Math.max(this.#nowMs, deadlineMs)
    return false
  }

  #run(toMs: number, isDone: (() => boolean) | undefined): boolean {
    let eventsThisInstant = 0
    for (let event = this.#events.peek(); event !== undefined; event = this.#events.peek()) {
      if (event.atMs > toMs) break
      eventsThisInstant = event.atMs === this.#nowMs ? eventsThisInstant + 1 : 0
      if (eventsThisInstant > MAX_EVENTS_PER_INSTANT) {
        throw new Error(`More than ${MAX_EVENTS_PER_INSTANT} events at ${this.#nowMs} ms: time stands still`)
      }
      this.#events.remove(event)
      this.#nowMs = event.atMs
      event.fire(event.atMs)
      if (isDone?.()) return true
    }
    return false
  }
}
