import { Buckets } from '../observe/buckets.ts'
import { ROUTING_BUCKETS_SECONDS } from '../observe/routing-times.ts'
import { type ModuleReport, type Tally, TICK_BUCKETS_SECONDS } from './host-report.ts'

/** What the rooms of one module do. */
export class ModuleStats {
  rooms = 0
  #ticks = 0
  #skippedTicks = 0
  readonly #lateness = new Buckets(TICK_BUCKETS_SECONDS)
  readonly #duration = new Buckets(TICK_BUCKETS_SECONDS)
  /** Of states that have ended. */
  #pastInstructions = 0

  ticked(latenessMs: number, durationMs: number, skipped: number): void {
    this.#ticks++
    this.#skippedTicks += skipped
    this.#lateness.observe(Math.max(0, latenessMs) / 1000)
    this.#duration.observe(durationMs / 1000)
  }

  /** A script state has ended, with its room or before it. */
  stateEnded(instructions: number): void {
    this.#pastInstructions += instructions
  }

  read(module: string, memoryBytes: number, instructions: number): ModuleReport {
    return {
      module,
      rooms: this.rooms,
      ticks: this.#ticks,
      skippedTicks: this.#skippedTicks,
      lateness: this.#lateness.read(),
      duration: this.#duration.read(),
      memoryBytes,
      instructions: this.#pastInstructions + instructions,
    }
  }
}

/** What one host counts. Modules are those that exist, so there is a bound on them. */
export class HostStats {
  readonly #modules = new Map<string, ModuleStats>()
  readonly #scriptErrors = new Map<string, number>()
  readonly #budgetKills = new Map<string, number>()
  droppedLogLines = 0
  invalidInputs = 0
  labelsRefused = 0
  /** From the reading of a message to the queue of its room. */
  readonly inputRouting = new Buckets(ROUTING_BUCKETS_SECONDS)

  module(name: string): ModuleStats {
    let stats = this.#modules.get(name)
    if (stats === undefined) {
      stats = new ModuleStats()
      this.#modules.set(name, stats)
    }
    return stats
  }

  get modules(): ReadonlyMap<string, ModuleStats> {
    return this.#modules
  }

  /** @param callback e.g. `match_loop`, `rpc`, `before`, `load` */
  scriptFailed(callback: string): void {
    this.#scriptErrors.set(callback, (this.#scriptErrors.get(callback) ?? 0) + 1)
  }

  /** @param cause `instructions`, `time` or `memory` */
  budgetExceeded(kind: string, cause: string): void {
    const key = `${kind} ${cause}`
    this.#budgetKills.set(key, (this.#budgetKills.get(key) ?? 0) + 1)
  }

  get scriptErrors(): Tally {
    return Object.fromEntries(this.#scriptErrors)
  }

  get budgetKills(): Tally {
    return Object.fromEntries(this.#budgetKills)
  }
}
