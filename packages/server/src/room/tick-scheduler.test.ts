import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { TickSchedule } from './tick-schedule.ts'
import { type Tickable, TickScheduler } from './tick-scheduler.ts'

const HOUR_MS = 3_600_000

/** A room reduced to its schedule. */
class TickingRoom implements Tickable {
  heapIndex = -1
  nextDueMs: number
  ticks = 0
  skipped = 0
  worstLatenessMs = 0
  readonly schedule: TickSchedule
  readonly #onTick: (room: TickingRoom, dueMs: number) => void

  constructor(schedule: TickSchedule, onTick: (room: TickingRoom, dueMs: number) => void = () => {}) {
    this.schedule = schedule
    this.nextDueMs = schedule.nextDueMs
    this.#onTick = onTick
  }

  runTick(nowMs: number): void {
    const dueMs = this.nextDueMs
    this.worstLatenessMs = Math.max(this.worstLatenessMs, nowMs - dueMs)
    this.schedule.begin(nowMs)
    this.nextDueMs = this.schedule.nextDueMs
    this.ticks++
    this.skipped += this.schedule.skipped
    this.#onTick(this, dueMs)
  }
}

describe('TickScheduler', () => {
  it('runs what is due already in the next turn of the event loop, not after a timer', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const room = new TickingRoom(new TickSchedule(100, clock.nowMs()))
    clock.stall(10)
    scheduler.add(room)
    expect([room.ticks, clock.pendingTimers]).toEqual([0, 0])
    clock.turnOnce()
    expect([room.ticks, clock.pendingTimers]).toEqual([1, 1])
  })

  it('calls off what was to run in the next turn when the room goes, or all is closed', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const rooms = [1, 2].map(() => new TickingRoom(new TickSchedule(100, clock.nowMs())))
    clock.stall(10)
    for (const room of rooms) scheduler.add(room)
    scheduler.remove(rooms[0] as TickingRoom)
    scheduler.close()
    clock.turn()
    expect(rooms.map(({ ticks }) => ticks)).toEqual([0, 0])
    scheduler.add(rooms[1] as TickingRoom)
    clock.turnOnce()
    expect(rooms.map(({ ticks }) => ticks)).toEqual([0, 1])
  })

  it.each([1, 23.976, 29.97, 60, 128])('does not drift in two hours at %d Hz', (tickHz) => {
    const clock = new ManualClock({ nowMs: 123.456 })
    const random = seededRandom(1)
    const scheduler = new TickScheduler(clock)
    const room = new TickingRoom(new TickSchedule(tickHz, clock.nowMs()), () => {
      // A tick costs up to half its period.
      clock.stall((random.uint32() / 2 ** 32) * (500 / tickHz))
    })
    scheduler.add(room)
    // Half a millisecond for rounding: the last tick may be due at the very end.
    clock.advance(2 * HOUR_MS + 0.5)
    expect(room.ticks).toBe(Math.floor(7_200 * tickHz))
    expect(room.skipped).toBe(0)
    expect(room.worstLatenessMs).toBeLessThan(1e-3)
  })

  it('gives each of a thousand rooms its own rate, in due order, with a single timer', () => {
    const clock = new ManualClock()
    const random = seededRandom(2)
    const scheduler = new TickScheduler(clock)
    let lastDueMs = 0
    let outOfOrder = 0
    let mostTimers = 0
    const rooms = Array.from({ length: 1_000 }, () => {
      const tickHz = 1 + (random.uint32() / 2 ** 32) * 59
      const phaseMs = ((random.uint32() / 2 ** 32) * 1000) / tickHz
      return new TickingRoom(new TickSchedule(tickHz, 0, phaseMs), (_, dueMs) => {
        if (dueMs < lastDueMs) outOfOrder++
        lastDueMs = dueMs
        mostTimers = Math.max(mostTimers, clock.pendingTimers)
      })
    })
    for (const room of rooms) scheduler.add(room)
    clock.advance(5_000)
    for (const room of rooms) {
      const lastDue = room.nextDueMs - room.schedule.periodMs
      expect(lastDue).toBeLessThanOrEqual(5_000)
      expect(room.nextDueMs).toBeGreaterThan(5_000)
      expect(room.ticks).toBe(room.schedule.tick)
    }
    expect(outOfOrder).toBe(0)
    // The one timer has fired while rooms run, and there is never a second one.
    expect(mostTimers).toBe(0)
    expect(clock.pendingTimers).toBe(1)
  })

  it('waits for the newest room when that is due first', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const order: string[] = []
    scheduler.add(new TickingRoom(new TickSchedule(1, 0), () => order.push('slow')))
    scheduler.add(new TickingRoom(new TickSchedule(3.5, 0), () => order.push('fast')))
    clock.advance(1_000)
    expect(order).toEqual(['fast', 'fast', 'fast', 'slow'])
  })

  it('runs the others on time when a room ends in its own tick', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const mortal = new TickingRoom(new TickSchedule(10, 0), (room) => {
      if (room.ticks === 3) scheduler.remove(room)
    })
    const lasting = new TickingRoom(new TickSchedule(10, 0))
    scheduler.add(mortal)
    scheduler.add(lasting)
    clock.advance(1_000)
    expect([mortal.ticks, lasting.ticks]).toEqual([3, 10])
    expect(scheduler.size).toBe(1)
  })

  it('does not tick a room that another room ended before it was due', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const victim = new TickingRoom(new TickSchedule(10, 0, 1))
    scheduler.add(victim)
    scheduler.add(
      new TickingRoom(new TickSchedule(10, 0), () => {
        clock.stall(5)
        scheduler.remove(victim)
      }),
    )
    clock.advance(1_000)
    expect(victim.ticks).toBe(0)
  })

  it('ticks a room that was added within a tick', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    let child: TickingRoom | undefined
    scheduler.add(
      new TickingRoom(new TickSchedule(1, 0), () => {
        child = new TickingRoom(new TickSchedule(100, clock.nowMs()))
        scheduler.add(child)
      }),
    )
    clock.advance(1_100)
    expect(child?.ticks).toBe(10)
  })

  it('lets the event loop turn between two ticks of a room that is always late', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    let turns = 0
    const ticksPerTurn: number[] = []
    const overloaded = new TickingRoom(new TickSchedule(100, 0), (room) => {
      ticksPerTurn[turns] = (ticksPerTurn[turns] ?? 0) + 1
      clock.stall(25)
      clock.defer(() => turns++)
      if (room.ticks === 50) scheduler.remove(room)
    })
    scheduler.add(overloaded)
    clock.advance(1_000)
    expect(turns).toBeGreaterThan(30)
    expect(ticksPerTurn.every((ticks) => ticks === 1)).toBe(true)
    expect(overloaded.skipped).toBeGreaterThan(30)
  })

  it('delays a well-behaved room by no more than two ticks of an overloaded one', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const overloaded = new TickingRoom(new TickSchedule(100, 0), (room) => {
      clock.stall(25)
      if (room.ticks === 30) scheduler.remove(room)
    })
    const good = new TickingRoom(new TickSchedule(100, 0))
    scheduler.add(overloaded)
    scheduler.add(good)
    clock.advance(700)
    expect(overloaded.ticks).toBeGreaterThan(25)
    expect(good.worstLatenessMs).toBeLessThanOrEqual(50)
  })

  it('leaves no timer when its last room is gone, or when it is closed', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const rooms = [10, 20, 30].map((tickHz) => new TickingRoom(new TickSchedule(tickHz, 0)))
    for (const room of rooms) scheduler.add(room)
    for (const room of rooms) scheduler.remove(room)
    expect([clock.pendingTimers, scheduler.size]).toEqual([0, 0])

    for (const room of rooms) scheduler.add(room)
    clock.advance(500)
    scheduler.close()
    expect([clock.pendingTimers, scheduler.size]).toEqual([0, 0])
    expect(rooms.every(({ heapIndex }) => heapIndex === -1)).toBe(true)
  })

  it('may be closed from within a tick', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const rooms = [0, 1, 2].map(() => new TickingRoom(new TickSchedule(10, 0), () => scheduler.close()))
    for (const room of rooms) scheduler.add(room)
    clock.advance(1_000)
    expect(rooms.map(({ ticks }) => ticks).sort()).toEqual([0, 0, 1])
    expect(clock.pendingTimers).toBe(0)
  })
})
