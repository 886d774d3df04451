import { KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import type { ScriptOutcome } from '../room/room-host.ts'
import { type CallPlan, FakeCallRunner, plannedCall, type RunnerLog } from '../testing/fake-call-runner.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { settled } from '../testing/promises.ts'
import { CallPool, type CallPoolOptions } from './call-pool.ts'

const IDLE_MS = 30_000

interface World extends RunnerLog {
  readonly pool: CallPool<FakeCallRunner>
  readonly clock: ManualClock
  readonly runners: FakeCallRunner[]
  /** `a done`, or `a: error`, as calls end. */
  readonly outcomes: string[]
  /** Makes the next runners fail. */
  failCreation(message: string | undefined): void
  run(name: string, plan?: CallPlan): void
  /** How many runners are not closed. */
  alive(): number
}

function world(options: Partial<CallPoolOptions<FakeCallRunner>> = {}): World {
  const clock = new ManualClock()
  const log: RunnerLog = { slices: [], begun: [], breaches: [] }
  const runners: FakeCallRunner[] = []
  const outcomes: string[] = []
  let failure: string | undefined
  const create = (): FakeCallRunner => {
    if (failure !== undefined) throw new Error(failure)
    const runner = new FakeCallRunner(log, clock)
    runners.push(runner)
    return runner
  }
  const pool = new CallPool(
    {
      clock,
      create,
      min: 1,
      max: 4,
      queueBound: 8,
      sliceMs: 2,
      onError: (_, error) => ({
        kind: 'failed',
        error: (error as Error).message,
        code: error instanceof KaosError ? 'TOO_MANY_REQUESTS' : 'RPC_FAILED',
      }),
      ...options,
    },
    [],
  )
  const note = (name: string, outcome: ScriptOutcome): void => {
    outcomes.push(outcome.kind === 'value' ? String(outcome.value) : `${name}: ${outcome.kind}`)
    if (outcome.kind === 'failed') outcomes[outcomes.length - 1] = `${name}: ${outcome.code} ${outcome.error}`
  }
  return {
    ...log,
    pool,
    clock,
    runners,
    outcomes,
    failCreation(message) {
      failure = message
    },
    run(name, plan) {
      void pool.run(plannedCall(name, plan)).then((outcome) => note(name, outcome))
    },
    alive: () => runners.filter(({ isClosed }) => !isClosed).length,
  }
}

describe('a call', () => {
  it('has run when run returns if it ends while there is time left in the turn', async () => {
    const { run, slices, outcomes, pool } = world()
    run('a')
    expect(slices).toEqual(['a'])
    await settled()
    expect(outcomes).toEqual(['a done'])
    expect(pool.usage()).toMatchObject({ vms: 1, busyVms: 0, queued: 0 })
  })

  it('that is longer goes on for one slice a turn, of the length that was set', async () => {
    const { run, slices, outcomes, clock, runners } = world({ sliceMs: 7 })
    run('a', { slices: 3 })
    expect(slices).toHaveLength(1)
    clock.turnOnce()
    expect(slices).toHaveLength(2)
    clock.turnOnce()
    expect([slices, runners[0]?.sliceMs]).toEqual([['a', 'a', 'a'], 7])
    await settled()
    expect([outcomes, clock.turnOnce()]).toEqual([['a done'], false])
  })

  it('shares the turns with others: a slice each, those first that have waited longest', () => {
    const { run, slices, clock } = world()
    run('a', { slices: 4 })
    run('b', { slices: 2 })
    run('c', { slices: 3 })
    clock.turn()
    expect(slices).toEqual(['a', 'a', 'b', 'c', 'a', 'b', 'c', 'a', 'c'])
  })

  it('lets the rest of the host have its turn after each slice, however many calls there are', () => {
    const { run, slices, clock } = world()
    for (const name of ['a', 'b', 'c']) run(name, { slices: 6 })
    slices.length = 0
    const tick = (): void => {
      slices.push('tick')
      if (slices.length < 12) clock.defer(tick)
    }
    clock.defer(tick)
    clock.turn()
    expect(slices.slice(0, 12)).toEqual([
      ...['a', 'tick', 'b', 'tick', 'c', 'tick', 'a', 'tick', 'b', 'tick', 'c', 'tick'],
    ])
  })

  it('that comes when the time of the turn is used up begins in a later one', () => {
    const { run, slices, clock } = world()
    run('slow', { slices: 50 })
    run('quick')
    expect(slices).toEqual(['slow'])
    clock.turnOnce()
    clock.turnOnce()
    expect(slices).toEqual(['slow', 'slow', 'quick', 'slow'])
  })

  it('that is short leaves the rest of the turn to others', () => {
    const { run, slices, clock } = world()
    for (const name of ['a', 'b', 'c']) run(name)
    expect(slices).toEqual(['a', 'b', 'c'])
    run('slow', { slices: 2 })
    for (const name of ['d', 'e', 'f']) run(name)
    clock.turnOnce()
    expect(slices.slice(3)).toEqual(['slow', 'slow', 'd', 'e', 'f'])
  })
})

describe('the runners of a pool', () => {
  it('are made up to the least number at first, and beyond it only when all are busy', () => {
    const { run, runners, pool, clock } = world({ min: 2, max: 4 })
    expect([runners.length, pool.usage().vms]).toEqual([2, 2])
    for (let n = 0; n < 5; n++) run(`short ${n}`)
    expect(runners).toHaveLength(2)
    for (let n = 0; n < 3; n++) run(`long ${n}`, { slices: 2 })
    expect(runners).toHaveLength(3)
    clock.turn()
    expect(pool.usage()).toMatchObject({ vms: 3, busyVms: 0 })
  })

  it('count those that were made before the pool', () => {
    const log: RunnerLog = { slices: [], begun: [], breaches: [] }
    let created = 0
    const clock = new ManualClock()
    const pool = new CallPool(
      {
        clock,
        create: () => {
          created++
          return new FakeCallRunner(log, clock)
        },
        min: 2,
        max: 4,
        queueBound: 1,
        sliceMs: 1,
        onError: () => ({ kind: 'rejected', reason: undefined }),
      },
      [new FakeCallRunner(log, clock)],
    )
    expect([created, pool.usage().vms]).toEqual([1, 2])
  })

  it('are never more than the greatest number: further calls wait for one', async () => {
    const { run, runners, pool, clock, slices, outcomes } = world({ max: 2 })
    run('a', { slices: 2 })
    run('b', { slices: 3 })
    run('c')
    run('d')
    expect(pool.usage()).toEqual({ vms: 2, busyVms: 2, queued: 2, memoryBytes: 200 })
    expect(slices).toEqual(['a'])
    clock.turn()
    await settled()
    expect(outcomes).toEqual(['a done', 'c done', 'b done', 'd done'])
    expect([runners.length, pool.usage().queued]).toEqual([2, 0])
  })

  it('are given to those who wait in the order they came, also before calls that come later', () => {
    const { run, begun, clock } = world({ max: 1 })
    run('a', { slices: 2 })
    run('b')
    run('c')
    clock.turnOnce()
    // a has ended, but b, which waits, comes first.
    run('d')
    clock.turn()
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
  })

  it('do not hold up the host when many short calls wait: each has a turn of its own', () => {
    const { run, slices, clock } = world({ max: 1 })
    run('a', { slices: 2 })
    for (const name of ['b', 'c', 'd']) run(name)
    slices.length = 0
    const perTurn: string[][] = []
    while (clock.turnOnce()) perTurn.push(slices.splice(0))
    expect(perTurn.filter((turn) => turn.length > 0)).toEqual([['a'], ['b'], ['c'], ['d']])
  })

  it('may be idle and busy: their memory counts all the same', () => {
    const { run, runners, pool } = world({ min: 2 })
    run('a', { slices: 2 })
    runners[0]!.memoryBytes = 5
    runners[1]!.memoryBytes = 70
    expect(pool.usage()).toMatchObject({ vms: 2, busyVms: 1, memoryBytes: 75 })
  })
})

describe('calls that wait', () => {
  it('are bounded: the next is refused at once, and those that wait are none the worse', async () => {
    const { run, outcomes, clock, pool } = world({ max: 1, queueBound: 2 })
    run('a', { slices: 2 })
    for (const name of ['b', 'c', 'd']) run(name)
    expect(pool.usage().queued).toBe(2)
    await settled()
    expect(outcomes).toEqual(['d: TOO_MANY_REQUESTS too many RPCs and hooks wait to be run'])
    clock.turn()
    await settled()
    expect(outcomes.slice(1)).toEqual(['a done', 'b done', 'c done'])
    run('e')
    await settled()
    expect(outcomes.at(-1)).toBe('e done')
  })

  it('may be none', async () => {
    const { run, outcomes } = world({ max: 1, queueBound: 0 })
    run('a', { slices: 2 })
    run('b')
    await settled()
    expect(outcomes).toEqual(['b: TOO_MANY_REQUESTS too many RPCs and hooks wait to be run'])
  })
})

describe('runners without work', () => {
  it('are closed after 30 seconds, but for the least number', () => {
    const { run, pool, clock, alive } = world({ min: 1 })
    for (const name of ['a', 'b', 'c']) run(name, { slices: 2 })
    clock.turn()
    clock.advance(IDLE_MS - 100)
    expect([pool.usage().vms, alive()]).toEqual([3, 3])
    clock.advance(100)
    expect([pool.usage().vms, alive(), clock.pendingTimers]).toEqual([1, 1, 0])
  })

  it('are all closed when the least number is 0, and made anew when they are needed', async () => {
    const { run, alive, clock, outcomes, runners } = world({ min: 0 })
    expect(runners).toHaveLength(0)
    run('a')
    clock.advance(IDLE_MS)
    expect(alive()).toBe(0)
    run('b')
    await settled()
    expect([outcomes, alive()]).toEqual([['a done', 'b done'], 1])
  })

  it('are not closed while they work', async () => {
    const { run, alive, clock, outcomes, breaches } = world({ min: 0, max: 2 })
    run('long', { slices: 1_000_000 })
    run('short')
    // Time passes without turns: the long call has not come further.
    clock.stall(IDLE_MS)
    clock.turnOnce()
    clock.turnOnce()
    expect(alive()).toBe(2)
    await settled()
    expect([outcomes, breaches]).toEqual([['short done'], []])
  })

  it('set no timer when there are no more than the least number', () => {
    const { run, clock } = world({ min: 1 })
    run('a')
    expect(clock.pendingTimers).toBe(0)
  })

  it('are those that nobody has needed: one that is used again and again stays', () => {
    const { run, alive, clock, runners } = world({ min: 1 })
    run('a', { slices: 2 })
    run('b', { slices: 2 })
    clock.turn()
    for (let call = 0; call < 10; call++) {
      clock.advance(IDLE_MS / 5)
      run(`c${call}`)
    }
    expect([alive(), runners.map(({ isClosed }) => isClosed)]).toEqual([1, [true, false]])
    clock.advance(IDLE_MS)
    expect([alive(), clock.pendingTimers]).toEqual([1, 0])
  })
})

describe('a runner that is worn out', () => {
  it('is closed after the call, and another made when it is needed', async () => {
    const { run, runners, alive, outcomes, pool, clock } = world({ min: 1, max: 1 })
    run('a', { slices: 2 })
    run('b')
    runners[0]!.isWornOut = true
    clock.turn()
    await settled()
    expect(outcomes).toEqual(['a done', 'b done'])
    expect([runners.length, alive(), pool.usage().vms, runners[0]?.isClosed]).toEqual([2, 1, 1, true])
  })
})

describe('a pool that is retired', () => {
  it('closes its runners, and leaves no timer', () => {
    const { run, pool, clock, alive, breaches } = world({ min: 1 })
    run('a', { slices: 2 })
    run('b')
    clock.turn()
    pool.retire()
    pool.retire()
    expect([alive(), pool.usage().vms, clock.pendingTimers, breaches]).toEqual([0, 0, 0, []])
  })

  it('ends the calls under way and those that wait first', async () => {
    const { run, pool, clock, alive, outcomes, breaches } = world({ min: 1, max: 2 })
    run('a', { slices: 3 })
    run('b', { slices: 2 })
    for (const name of ['c', 'd', 'e']) run(name, { slices: 2 })
    pool.retire()
    expect(alive()).toBe(2)
    clock.turn()
    await settled()
    expect([...outcomes].sort()).toEqual(['a done', 'b done', 'c done', 'd done', 'e done'])
    expect([alive(), clock.pendingTimers, breaches]).toEqual([0, 0, []])
  })

  it('closes also the runner of a call that ends just when the last that waits is about to begin', () => {
    const { run, pool, clock, alive } = world({ min: 1, max: 2 })
    run('a', { slices: 2 })
    run('b', { slices: 2 })
    run('c')
    run('d')
    pool.retire()
    clock.turn()
    expect([alive(), pool.usage().vms, clock.pendingTimers]).toEqual([0, 0, 0])
  })

  it('closes the runner of a call that fails', () => {
    const { run, pool, clock, alive } = world()
    run('a', { slices: 2, throws: 'advance' })
    pool.retire()
    clock.turn()
    expect(alive()).toBe(0)
  })
})

describe('a call that goes wrong', () => {
  it.each([
    ['begin', 'a: RPC_FAILED a cannot begin'],
    ['advance', 'a: RPC_FAILED a went wrong'],
  ] as const)('in %s has failed, and its runner serves the next', async (throws, outcome) => {
    const { run, outcomes, runners, pool } = world()
    run('a', { throws })
    run('b')
    await settled()
    expect(outcomes).toEqual([outcome, 'b done'])
    expect([runners.length, pool.usage().busyVms]).toEqual([1, 0])
  })

  it('in a later slice leaves the others their turns', async () => {
    const { run, outcomes, slices, clock } = world()
    run('a', { slices: 2, throws: 'advance' })
    run('b', { slices: 3 })
    clock.turn()
    await settled()
    expect(outcomes).toEqual(['a: RPC_FAILED a went wrong', 'b done'])
    expect(slices).toEqual(['a', 'a', 'b', 'b', 'b'])
  })

  it('while others wait lets the next of them begin', async () => {
    const { run, outcomes, clock } = world({ max: 1 })
    run('a', { slices: 2, throws: 'advance' })
    run('b', { throws: 'begin' })
    run('c')
    clock.turn()
    await settled()
    expect(outcomes).toEqual(['a: RPC_FAILED a went wrong', 'b: RPC_FAILED b cannot begin', 'c done'])
  })

  it('because no runner can be made has failed, and takes no place', async () => {
    const { run, outcomes, pool, failCreation, clock } = world({ min: 1, max: 2 })
    run('a', { slices: 2 })
    failCreation('no memory')
    run('b')
    await settled()
    expect(outcomes).toEqual(['b: RPC_FAILED no memory'])
    expect(pool.usage()).toMatchObject({ vms: 1, busyVms: 1 })
    failCreation(undefined)
    run('c', { slices: 2 })
    clock.turn()
    await settled()
    expect(outcomes.slice(1)).toEqual(['a done', 'c done'])
  })
})

it('a pool whose least number of runners cannot be made is an error of whoever makes it', () => {
  const create = (): never => {
    throw new Error('no memory')
  }
  expect(() => world({ create })).toThrow('no memory')
})
