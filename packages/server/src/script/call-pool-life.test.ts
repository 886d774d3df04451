import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallPlan, FakeCallRunner, plannedCall, type RunnerLog } from '../testing/fake-call-runner.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { settled } from '../testing/promises.ts'
import { checkAsyncProperty } from '../testing/property.ts'
import { CallPool } from './call-pool.ts'

const plan: fc.Arbitrary<CallPlan> = fc.record(
  { slices: fc.integer({ min: 1, max: 4 }), throws: fc.constantFrom('begin' as const, 'advance' as const) },
  { requiredKeys: ['slices'] },
)
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('run' as const), plan }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 29_999, 30_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('creation fails' as const), isFailing: fc.boolean() }),
  },
)
const shape = fc.record({
  min: fc.integer({ min: 0, max: 3 }),
  beyond: fc.integer({ min: 0, max: 3 }),
  queueBound: fc.integer({ min: 0, max: 4 }),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never

/** A pool under random calls, and what must hold whatever they do. */
class PoolLife {
  readonly #clock = new ManualClock()
  readonly #log: RunnerLog = { slices: [], begun: [], breaches: [] }
  readonly #runners: FakeCallRunner[] = []
  readonly #pool: CallPool<FakeCallRunner>
  readonly #shape: Shape & { readonly max: number }
  readonly #asked: string[] = []
  readonly #settled: string[] = []
  readonly #refused: string[] = []
  #isCreationFailing = false

  constructor(shape: Shape) {
    // Without any runner nothing could ever run.
    const max = Math.max(1, shape.min + shape.beyond)
    this.#shape = { ...shape, max }
    this.#pool = new CallPool(
      {
        clock: this.#clock,
        create: () => this.#create(),
        min: shape.min,
        max,
        queueBound: shape.queueBound,
        sliceMs: 1,
        onError: (call, error) => {
          if ((error as Error).name === 'KaosError') this.#refused.push(call.name)
          return { kind: 'failed', error: String(error), code: 'RPC_FAILED' }
        },
      },
      [],
    )
  }

  do(action: Step): void {
    switch (action.kind) {
      case 'run': {
        const name = `call ${this.#asked.length}`
        this.#asked.push(name)
        void this.#pool.run(plannedCall(name, action.plan)).then(() => this.#settled.push(name))
        break
      }
      case 'turn':
        this.#clock.turnOnce()
        break
      case 'wait':
        this.#clock.advance(action.ms)
        break
      case 'creation fails':
        this.#isCreationFailing = action.isFailing
        break
      default:
        action satisfies never
    }
    this.check()
  }

  check(): void {
    const { vms, busyVms, queued } = this.#pool.usage()
    expect(vms).toBe(this.#alive())
    expect(vms).toBeLessThanOrEqual(this.#shape.max)
    expect(busyVms).toBeLessThanOrEqual(vms)
    expect(queued).toBeLessThanOrEqual(this.#shape.queueBound)
    expect(this.#log.breaches).toEqual([])
  }

  /** Everything ends by itself, and runners beyond the least number go. */
  async rest(): Promise<void> {
    // Slices take time of their own.
    this.#clock.advance(60_000)
    await this.#expectAllSettled()
    expect(this.#alive()).toBe(this.#shape.min)
    expect(this.#clock.pendingTimers).toBe(0)
  }

  /** With calls still under way. */
  async retire(): Promise<void> {
    this.#pool.retire()
    while (this.#clock.turnOnce()) this.check()
    await this.#expectAllSettled()
    expect([this.#alive(), this.#pool.usage().vms, this.#clock.pendingTimers]).toEqual([0, 0, 0])
    this.check()
  }

  async #expectAllSettled(): Promise<void> {
    await settled()
    expect([...this.#settled].sort()).toEqual([...this.#asked].sort())
    // Each was begun at most once, in the order asked, and those that were refused never.
    const inOrder = this.#asked.filter((name) => this.#log.begun.includes(name))
    expect(this.#log.begun).toEqual(inOrder)
    for (const name of this.#refused) expect(this.#log.begun).not.toContain(name)
  }

  #create(): FakeCallRunner {
    if (this.#isCreationFailing) throw new Error('no memory')
    const runner = new FakeCallRunner(this.#log, this.#clock)
    this.#runners.push(runner)
    return runner
  }

  #alive(): number {
    return this.#runners.filter(({ isClosed }) => !isClosed).length
  }
}

describe('the life of a call pool', () => {
  const steps = fc.array(step, { maxLength: 60, size: 'max' })

  it('settles every call once, within its bounds, and comes to rest', async () => {
    await checkAsyncProperty(
      fc.asyncProperty(shape, steps, async (shape, steps) => {
        const life = new PoolLife(shape)
        for (const action of steps) life.do(action)
        await life.rest()
        await life.retire()
      }),
      500,
    )
  })

  it('settles every call also when it is retired amid them, and closes all runners', async () => {
    await checkAsyncProperty(
      fc.asyncProperty(shape, steps, async (shape, steps) => {
        const life = new PoolLife(shape)
        for (const action of steps) life.do(action)
        await life.retire()
      }),
      500,
    )
  })
})
