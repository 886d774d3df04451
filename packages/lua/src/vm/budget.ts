import type { LuaBudgetPart } from '../errors.ts'
import type { LuaThread } from '../wasm/lua-api.ts'
import type { LuaWasm } from '../wasm/lua-wasm.ts'

/** What one call into Lua may use; a call made from within a call is charged to both. */
export interface LuaBudget {
  /** Instructions of the Lua virtual machine. */
  readonly instructions: number
  /** Milliseconds of the VM's clock, looked at every {@link SLICE_INSTRUCTIONS} instructions. */
  readonly wallMs: number
}

/** The time that a VM sees. Neither function may throw: the VM asks while its own state is in motion. */
export interface LuaClock {
  /** Milliseconds since 1970, for `os.time` and `os.date`. */
  unixMs(): number
  /** Milliseconds from any origin, never going back, for `os.clock` and the time budget. */
  monotonicMs(): number
}

/** Instructions between two looks at the clock. */
export const SLICE_INSTRUCTIONS = 200

/** Bytes that Lua allocates, or goes through for garbage, in about the time of one instruction. */
export const BYTES_PER_INSTRUCTION = 64

/** About what it takes to copy one more value into or out of Lua, or to JSON, however short it is. */
export const INSTRUCTIONS_PER_VALUE = 10

/** What it costs to copy so many values, with so many bytes of strings in them, in or out. */
export function copyInstructions(values: number, bytes: number): number {
  return Math.max(0, values) * INSTRUCTIONS_PER_VALUE + Math.ceil(bytes / BYTES_PER_INSTRUCTION)
}

/** Why a call must end. */
export interface BudgetTrip {
  readonly part: LuaBudgetPart
  readonly message: string
}

/** A call's budget while a call inside it runs. */
export interface SuspendedBudget {
  readonly counter: number
  readonly reserve: number
  readonly granted: number
  readonly deadlineMs: number
  readonly limits: LuaBudget
}

const NO_BUDGET: LuaBudget = { instructions: 0, wallMs: 0 }

/**
 * Counts the instructions of one VM. The count lives in the running thread's hook counter, which the count
 * hook refills slice by slice; whoever passes control to another coroutine takes the counter along with
 * {@link carry}. Once a budget is used up the counter stays at one, so that the hook runs and raises again
 * at every instruction, whichever handler, coroutine or close method a script has put in the way.
 */
export class BudgetMeter {
  /** Why the present call must end; nothing while it may go on. */
  tripped: BudgetTrip | undefined
  /** What the clock said when it was looked at last. */
  nowMs = 0
  /** Instructions used by all calls that have ended. */
  usedInstructions = 0

  readonly #wasm: LuaWasm
  readonly #counterWord: number
  readonly #clock: LuaClock
  #limits = NO_BUDGET
  #granted = 0
  /** Instructions left beyond the slice that the counter holds. */
  #reserve = 0
  #deadlineMs = 0
  /** Time left of a budget that is paused. */
  #leftMs = 0

  constructor(wasm: LuaWasm, hookCountWord: number, clock: LuaClock) {
    this.#wasm = wasm
    this.#counterWord = hookCountWord
    this.#clock = clock
  }

  /** Sets the running call's budget aside, before {@link begin} of one inside it. */
  suspend(L: LuaThread): SuspendedBudget {
    return {
      counter: this.#counter(L),
      reserve: this.#reserve,
      granted: this.#granted,
      deadlineMs: this.#deadlineMs,
      limits: this.#limits,
    }
  }

  /** Begins a call on a thread; one inside another gets no more than the outer has left. */
  begin(L: LuaThread, limits: LuaBudget, outer: SuspendedBudget | undefined): void {
    this.tripped = undefined
    this.#limits = limits
    this.#granted = limits.instructions
    this.#deadlineMs = this.#clock.monotonicMs() + limits.wallMs
    if (outer !== undefined) {
      this.#granted = Math.min(this.#granted, outer.counter + outer.reserve)
      this.#deadlineMs = Math.min(this.#deadlineMs, outer.deadlineMs)
    }
    this.#fill(L, this.#granted)
  }

  /** Ends a call, puts the outer call's budget back and charges it. Answers with the instructions used. */
  end(L: LuaThread, outer: SuspendedBudget | undefined): number {
    const used = this.#granted - this.#counter(L) - this.#reserve
    if (outer === undefined) {
      this.usedInstructions += used
      return used
    }
    this.tripped = undefined
    this.#limits = outer.limits
    this.#granted = outer.granted
    this.#deadlineMs = outer.deadlineMs
    this.#reserve = outer.reserve
    this.#setCounter(L, outer.counter)
    this.maySpend(L, used)
    return used
  }

  /** Stops the clock of the present call, which is a task about to be set aside. */
  pause(): void {
    this.#leftMs = this.#deadlineMs - this.#clock.monotonicMs()
  }

  /** Lets the clock of a paused call go on. */
  unpause(): void {
    this.nowMs = this.#clock.monotonicMs()
    this.#deadlineMs = this.nowMs + this.#leftMs
  }

  /** Instructions that the present call has left. */
  left(L: LuaThread): number {
    return this.#counter(L) + this.#reserve
  }

  /** The count hook: answers whether the call may go on. */
  mayGoOn(L: LuaThread): boolean {
    if (this.#reserve <= 0) this.#tripOnInstructions()
    this.#checkClock()
    this.#fill(L, this.tripped === undefined ? this.#reserve : 0)
    return this.tripped === undefined
  }

  /** Charges work and answers whether the call may go on after it. */
  maySpend(L: LuaThread, instructions: number): boolean {
    this.charge(L, instructions)
    if (this.#counter(L) <= 1 && this.#reserve <= 0) this.#tripOnInstructions()
    this.#checkClock()
    if (this.tripped !== undefined) this.#fill(L, 0)
    return this.tripped === undefined
  }

  /** Makes the hook run at the next instruction, at no charge. */
  interrupt(L: LuaThread): void {
    this.#reserve += this.#counter(L) - 1
    this.#setCounter(L, 1)
  }

  /**
   * Charges work that is not made of instructions. It never moves the next look at the clock further away,
   * and too much of it trips at the next instruction. What is no amount counts as everything there is, so
   * that no miscalculation can switch the meter off.
   */
  charge(L: LuaThread, instructions: number): void {
    const counter = this.#counter(L)
    if (!(instructions >= 0)) {
      this.#reserve = 0
      this.#setCounter(L, 1)
      return
    }
    // A fraction would be cut off the counter, and at zero Lua counts no more.
    const amount = Math.ceil(instructions)
    if (counter > amount) {
      this.#setCounter(L, counter - amount)
    } else {
      this.#reserve = Math.max(0, this.#reserve + counter - amount - 1)
      this.#setCounter(L, 1)
    }
  }

  /**
   * Answers whether the call may go on, and looks at the clock if that is due: for native code between two of
   * whose charges no instruction need run.
   */
  maySettle(L: LuaThread): boolean {
    return this.#counter(L) > 1 || this.maySpend(L, 0)
  }

  /** Takes the count along as control passes from one thread to another. */
  carry(from: LuaThread, to: LuaThread): void {
    this.#setCounter(to, this.#counter(from))
  }

  #tripOnInstructions(): void {
    this.tripped ??= {
      part: 'instructions',
      message: `the budget of ${this.#limits.instructions} instructions is used up`,
    }
  }

  #checkClock(): void {
    if (this.tripped !== undefined) return
    this.nowMs = this.#clock.monotonicMs()
    if (this.nowMs < this.#deadlineMs) return
    this.tripped = { part: 'time', message: `the budget of ${this.#limits.wallMs} ms is used up` }
  }

  #fill(L: LuaThread, left: number): void {
    const slice = Math.max(1, Math.min(SLICE_INSTRUCTIONS, left))
    this.#reserve = Math.max(0, left - slice)
    this.#setCounter(L, slice)
  }

  #counter(L: LuaThread): number {
    return this.#wasm.words[(L >> 2) + this.#counterWord] ?? 1
  }

  #setCounter(L: LuaThread, instructions: number): void {
    this.#wasm.words[(L >> 2) + this.#counterWord] = instructions
  }
}
