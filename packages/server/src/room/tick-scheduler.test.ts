import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { checkProperty } from '../testing/property.ts'
import { tickSchedule } from '../testing/tick-schedule.ts'
import { TickPhases } from './tick-phases.ts'
import { TickSchedule } from './tick-schedule.ts'
import type { DueBucket } from './due-bucket.ts'
import { type Tickable, TickScheduler } from './tick-scheduler.ts'

const HOUR_MS = 3_600_000

/** A room reduced to its schedule. */
class TickingRoom implements Tickable {
  bucket: DueBucket | undefined
  nextDueMs: number
  ticks = 0
  skipped = 0
  worstLatenessMs = 0
  readonly schedule: ReturnType<typeof tickSchedule>
  readonly #onTick: (room: TickingRoom, dueMs: number) => void

  constructor(
    schedule: ReturnType<typeof tickSchedule>,
    onTick: (room: TickingRoom, dueMs: number) => void = () => {},
  ) {
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
    const room = new TickingRoom(tickSchedule(100, clock.nowMs()))
    clock.stall(10)
    scheduler.add(room)
    expect([room.ticks, clock.pendingTimers]).toEqual([0, 0])
    clock.turnOnce()
    expect([room.ticks, clock.pendingTimers]).toEqual([1, 1])
  })

  it('calls off what was to run in the next turn when the room goes, or all is closed', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const rooms = [1, 2].map(() => new TickingRoom(tickSchedule(100, clock.nowMs())))
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
    const room = new TickingRoom(tickSchedule(tickHz, clock.nowMs()), () => {
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
      return new TickingRoom(tickSchedule(tickHz, 0, phaseMs), (_, dueMs) => {
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
    scheduler.add(new TickingRoom(tickSchedule(1, 0), () => order.push('slow')))
    scheduler.add(new TickingRoom(tickSchedule(3.5, 0), () => order.push('fast')))
    clock.advance(1_000)
    expect(order).toEqual(['fast', 'fast', 'fast', 'slow'])
  })

  it('runs the others on time when a room ends in its own tick', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const mortal = new TickingRoom(tickSchedule(10, 0), (room) => {
      if (room.ticks === 3) scheduler.remove(room)
    })
    const lasting = new TickingRoom(tickSchedule(10, 0))
    scheduler.add(mortal)
    scheduler.add(lasting)
    clock.advance(1_000)
    expect([mortal.ticks, lasting.ticks]).toEqual([3, 10])
    expect(scheduler.size).toBe(1)
  })

  it('does not tick a room that another room ended before it was due', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const victim = new TickingRoom(tickSchedule(10, 0, 1))
    scheduler.add(victim)
    scheduler.add(
      new TickingRoom(tickSchedule(10, 0), () => {
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
      new TickingRoom(tickSchedule(1, 0), () => {
        child = new TickingRoom(tickSchedule(100, clock.nowMs()))
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
    const overloaded = new TickingRoom(tickSchedule(100, 0), (room) => {
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
    const overloaded = new TickingRoom(tickSchedule(100, 0), (room) => {
      clock.stall(25)
      if (room.ticks === 30) scheduler.remove(room)
    })
    const good = new TickingRoom(tickSchedule(100, 0))
    scheduler.add(overloaded)
    scheduler.add(good)
    clock.advance(700)
    expect(overloaded.ticks).toBeGreaterThan(25)
    expect(good.worstLatenessMs).toBeLessThanOrEqual(50)
  })

  it('leaves no timer when its last room is gone, or when it is closed', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const rooms = [10, 20, 30].map((tickHz) => new TickingRoom(tickSchedule(tickHz, 0)))
    for (const room of rooms) scheduler.add(room)
    for (const room of rooms) scheduler.remove(room)
    expect([clock.pendingTimers, scheduler.size]).toEqual([0, 0])

    for (const room of rooms) scheduler.add(room)
    clock.advance(500)
    scheduler.close()
    expect([clock.pendingTimers, scheduler.size]).toEqual([0, 0])
    expect(rooms.every(({ bucket }) => bucket === undefined)).toBe(true)
  })

  it('wakes up once for all rooms that are due at one moment', () => {
    const clock = new ManualClock()
    let timers = 0
    const scheduler = new TickScheduler({
      nowMs: () => clock.nowMs(),
      unixMs: () => clock.unixMs(),
      defer: (callback) => clock.defer(callback),
      setTimer(callback, delayMs) {
        timers++
        return clock.setTimer(callback, delayMs)
      },
    })
    const phases = new TickPhases()
    const rooms = Array.from({ length: 100 }, () => {
      clock.stall(0.37)
      return new TickingRoom(new TickSchedule(phases.take(20, clock.nowMs()), clock.nowMs()))
    })
    for (const room of rooms) scheduler.add(room)
    clock.advance(100)
    timers = 0
    clock.advance(1_000)
    expect(rooms.every(({ ticks }) => ticks >= 20)).toBe(true)
    // Four phases.
    expect(timers).toBeGreaterThanOrEqual(4 * 20 - 1)
    expect(timers).toBeLessThanOrEqual(4 * 20 + 1)
  })

  it('ticks each room once in its time, whoever comes, goes and comes back in the ticks of others', () => {
    checkProperty(
      fc.property(
        fc.array(fc.record({ tickHz: fc.constantFrom(10, 20), does: fc.nat({ max: 5 }) }), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.infiniteStream(fc.nat()),
        (plan, picks) => {
          const clock = new ManualClock()
          const scheduler = new TickScheduler(clock)
          const phases = new TickPhases()
          const pick = (): TickingRoom => rooms[(picks.next().value as number) % rooms.length] as TickingRoom
          const isIn = (room: TickingRoom): boolean => room.bucket !== undefined
          let outOfTurn = 0
          const rooms = plan.map(({ tickHz, does }) => {
            const phase = phases.take(tickHz, clock.nowMs())
            return new TickingRoom(new TickSchedule(phase, clock.nowMs()), (room, dueMs) => {
              if (clock.nowMs() < dueMs || !isIn(room)) outOfTurn++
              if (does === 1) scheduler.remove(pick())
              if (does >= 2) {
                const other = pick()
                if (isIn(other)) scheduler.remove(other)
                if (does >= 3) scheduler.add(other)
              }
              if (does === 4 && room.ticks < 4) clock.stall(60)
              if (does === 5) {
                const other = rooms.find((candidate) => !isIn(candidate))
                if (other !== undefined) scheduler.add(other)
              }
            })
          })
          for (const room of rooms) scheduler.add(room)
          clock.advance(500)
          expect(outOfTurn).toBe(0)
          expect(scheduler.size).toBe(rooms.filter(isIn).length)
          for (const room of rooms) {
            // Never twice for one moment: ticks that ran and ticks passed over are all there were.
            expect(room.ticks + room.skipped).toBe(room.schedule.tick)
            if (isIn(room)) expect(room.nextDueMs).toBeGreaterThan(clock.nowMs() - 1e-6)
          }
        },
      ),
      100,
    )
  })

  it('may be closed from within a tick', () => {
    const clock = new ManualClock()
    const scheduler = new TickScheduler(clock)
    const rooms = [0, 1, 2].map(() => new TickingRoom(tickSchedule(10, 0), () => scheduler.close()))
    for (const room of rooms) scheduler.add(room)
    clock.advance(1_000)
    expect(rooms.map(({ ticks }) => ticks).sort()).toEqual([0, 0, 1])
    expect(clock.pendingTimers).toBe(0)
  })
})
