import { KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { deferred, settled } from '../testing/promises.ts'
import { init, PERIOD_MS, player, type RoomWorld, roomWorld } from '../testing/room-world.ts'
import type { MatchInit } from './match-handler.ts'
import { TickPhases } from './tick-phases.ts'

interface SlowStart extends RoomWorld {
  /** What `start` came to; undefined while it has not. */
  readonly outcome: { traits: unknown } | undefined
  settle(init: MatchInit): Promise<void>
  fail(error: Error): Promise<void>
}

/** A room whose `match_init` is in the hands of the test. */
function slowStart(): SlowStart {
  const given = deferred<MatchInit>()
  const world = roomWorld({ isStarted: false, init: () => given.promise })
  let outcome: { traits: unknown } | undefined
  const started = world.room.start({}, new TickPhases())
  if (!(started instanceof Promise)) throw new Error('a slow start is a promise')
  void started.then((traits) => {
    outcome = { traits }
  })
  return {
    ...world,
    get outcome() {
      return outcome
    },
    settle(traits) {
      given.resolve(traits)
      return settled()
    },
    fail(error) {
      given.reject(error)
      return settled()
    },
  }
}

describe('a room whose match_init takes its time', () => {
  it('is creating, and calls nothing, until that has settled', async () => {
    const world = slowStart()
    world.clock.stall(10_000)
    world.room.runTick(world.clock.nowMs())
    world.room.leave(1, 'left')
    expect([world.room.state, world.room.nextDueMs]).toEqual(['creating', Number.POSITIVE_INFINITY])
    expect([world.story, world.outcome]).toEqual([['init'], undefined])
  })

  it('runs from then on, with the traits that it was given', async () => {
    const world = slowStart()
    world.clock.stall(500)
    await world.settle(init({ tickHz: 10, label: 'late' }))
    expect(world.outcome).toEqual({ traits: { label: 'late', tickHz: 10, maxPlayers: 8, version: 'v1' } })
    // One period after it began to run, not after it was made.
    expect([world.room.state, world.room.nextDueMs]).toEqual(['running', 1_600])
    world.run(2 * PERIOD_MS)
    world.room.join(player(1))
    expect(world.story).toEqual(['init', 'loop 1', 'loop 2', 'attempt 1', 'accepted 1', 'join 1'])
  })

  it('has failed when it rejects', async () => {
    const world = slowStart()
    await world.fail(new Error('no map'))
    expect(world.outcome).toEqual({ traits: undefined })
    expect(world.story).toEqual(['init', 'failed match_init: no map', 'close', 'ended init-failed'])
    expect(world.ends).toEqual([{ reason: 'init-failed', error: 'no map' }])
  })

  it('has failed when what it gives is nonsense', async () => {
    const world = slowStart()
    await world.settle(init({ tickHz: 1_000 }))
    expect(world.outcome).toEqual({ traits: undefined })
    expect(world.ends).toEqual([
      { reason: 'init-failed', error: 'tick_rate must be from 1 to 128 Hz, got 1000' },
    ])
  })

  it.each([
    ['drained', (world: RoomWorld) => world.room.drain('shutdown', 5), 'shutdown'],
    ['closed', (world: RoomWorld) => world.room.close(), 'closed'],
  ] as const)(
    'ends at once when it is %s meanwhile, and what comes later changes nothing',
    async (_, end, reason) => {
      const world = slowStart()
      end(world)
      expect(world.ends).toEqual([{ reason }])
      await world.settle(init({ tickHz: 10 }))
      expect(world.outcome).toEqual({ traits: undefined })
      expect(world.story).toEqual(['init', 'close', `ended ${reason}`])
      expect([world.room.state, world.room.nextDueMs]).toEqual(['closed', Number.POSITIVE_INFINITY])
    },
  )

  it('says nothing of a match_init that fails after the room was told to end', async () => {
    const world = slowStart()
    world.room.close()
    await world.fail(new Error('no map'))
    expect(world.story).toEqual(['init', 'close', 'ended closed'])
  })

  it('has failed when its host gives it up, whatever match_init does later', async () => {
    const world = slowStart()
    world.room.abandonStart(new Error('too slow'))
    expect(world.ends).toEqual([{ reason: 'init-failed', error: 'too slow' }])
    await world.settle(init({ tickHz: 10 }))
    expect(world.story).toEqual(['init', 'failed match_init: too slow', 'close', 'ended init-failed'])
    expect(world.outcome).toEqual({ traits: undefined })
  })

  it('cannot be given up once it runs', async () => {
    const world = slowStart()
    await world.settle(init({ tickHz: 10 }))
    world.room.abandonStart(new Error('too slow'))
    expect([world.room.state, world.story]).toEqual(['running', ['init']])
  })

  it('cannot be signalled before it has settled', async () => {
    const world = slowStart()
    expect(() => world.room.signal('early')).toThrow(
      new KaosError('ROOM_NOT_FOUND', 'the room has not started yet'),
    )
    await world.settle(init({ tickHz: 10 }))
    world.room.signal('now')
    expect(world.story).toEqual(['init', 'signal now'])
  })
})
