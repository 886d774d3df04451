import type { BucketCounts } from '../observe/buckets.ts'

/** Upper bounds of the histograms of tick lateness and duration. */
export const TICK_BUCKETS_SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.125, 0.25, 1,
]

/** What the rooms of one module did in one host since it began, and what they hold now. */
export interface ModuleReport {
  readonly module: string
  readonly rooms: number
  readonly ticks: number
  readonly skippedTicks: number
  readonly lateness: BucketCounts
  readonly duration: BucketCounts
  /** Bytes that the script states of its rooms hold now. */
  readonly memoryBytes: number
  /** Instructions that the script states of its rooms used, ended ones included. */
  readonly instructions: number
}

/** Counts by name, e.g. script errors by callback. */
export type Tally = Readonly<Record<string, number>>

/** The figures of one host; counters count since it began. Plain data. */
export interface HostReport {
  readonly host: number
  readonly modules: readonly ModuleReport[]
  /** By callback. */
  readonly scriptErrors: Tally
  /** By `kind cause`, e.g. `tick instructions`. */
  readonly budgetKills: Tally
  /** Log lines of scripts beyond `scripts.logLinesPerSecond`. */
  readonly droppedLogLines: number
  readonly invalidInputs: number
  /** Labels beyond `limits.labelBytes`. */
  readonly labelsRefused: number
  readonly callVms: number
  readonly busyCallVms: number
  readonly queuedCalls: number
  readonly callMemoryBytes: number
  /** Inputs that wait for the next tick of their rooms. */
  readonly queuedInputs: number
  /** From the reading of a message to the queue of its room. */
  readonly inputRouting: BucketCounts
  /** Time that the host was not idle. */
  readonly busySeconds: number
  /** Memory of all Lua states together, garbage included. */
  readonly luaHeapBytes: number
}
