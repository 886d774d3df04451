import type { SessionId } from '../ids.ts'
import type { ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import type { CallRunner } from '../script/call-pool.ts'
import type { ManualClock } from './manual-clock.ts'

/** What a call does: how many slices it takes, and where it throws. */
export interface CallPlan {
  readonly slices?: number
  readonly throws?: 'begin' | 'advance'
}

/** A call of this name that does what the plan says in a {@link FakeCallRunner}; by default it ends in its first slice. */
export function plannedCall(name: string, plan: CallPlan = {}): ScriptCall {
  const caller = {
    sessionId: '0000000000000001' as SessionId,
    userId: 'ann',
    username: 'Ann',
    vars: {},
    isAuthenticated: true,
    clientAddress: '203.0.113.1',
    transport: 'memory',
  }
  return { kind: 'rpc', name, caller, payload: plan }
}

/** What several runners share: the order of what they did, and what they should not have been asked to do. */
export interface RunnerLog {
  /** One line per slice, the name of its call. */
  readonly slices: string[]
  /** Names of calls that were begun. */
  readonly begun: string[]
  readonly breaches: string[]
}

/** Runs planned calls; notes what it does and every misuse. */
export class FakeCallRunner implements CallRunner {
  memoryBytes = 100
  isWornOut = false
  isClosed = false
  sliceMs: number | undefined
  readonly #log: RunnerLog
  readonly #clock: ManualClock
  #running: string | undefined

  /** @param clock Moves on by a whole slice whenever a call does not end in it. */
  constructor(log: RunnerLog, clock: ManualClock) {
    this.#log = log
    this.#clock = clock
  }

  begin(call: ScriptCall): { advance(sliceMs: number): ScriptOutcome | undefined } {
    const { slices = 1, throws } = (call.kind === 'rpc' ? call.payload : {}) as CallPlan
    this.#expect(!this.isClosed, `${call.name} begun by a closed runner`)
    this.#expect(this.#running === undefined, `${call.name} begun beside ${this.#running}`)
    this.#log.begun.push(call.name)
    if (throws === 'begin') throw new Error(`${call.name} cannot begin`)
    this.#running = call.name
    let left = slices
    return {
      advance: (sliceMs) => {
        this.#expect(!this.isClosed, `${call.name} advanced by a closed runner`)
        this.#expect(this.#running === call.name, `${call.name} advanced after its end`)
        this.sliceMs = sliceMs
        this.#log.slices.push(call.name)
        if (--left > 0) {
          this.#clock.stall(sliceMs)
          return undefined
        }
        this.#running = undefined
        if (throws === 'advance') throw new Error(`${call.name} went wrong`)
        return { kind: 'value', value: `${call.name} done` }
      },
    }
  }

  close(): void {
    this.#expect(!this.isClosed, 'closed twice')
    this.#expect(this.#running === undefined, `closed while it runs ${this.#running}`)
    this.isClosed = true
  }

  #expect(isKept: boolean, breach: string): void {
    if (!isKept) this.#log.breaches.push(breach)
  }
}
