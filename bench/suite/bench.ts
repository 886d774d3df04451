import type { SuiteOptions } from './options.ts'

export interface BenchContext {
  readonly options: SuiteOptions
  /** Says on standard error how far it is. */
  progress(text: string): void
}

export interface BenchTable {
  /** Absent when the benchmark has one table only. */
  readonly caption?: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface BenchReport {
  readonly tables: readonly BenchTable[]
  /** What must be known to read them: who was the limit, what could not run. */
  readonly notes: readonly string[]
  /** Every figure, for the JSON file. */
  readonly data: unknown
}

/** One benchmark of the suite. A new one is registered in `benches.ts`. */
export interface Bench {
  /** As in `--only`. */
  readonly name: string
  readonly title: string
  run(context: BenchContext): Promise<BenchReport>
}
