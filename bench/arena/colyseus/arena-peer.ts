/** What a process is run through, for example `['taskset', '-c', '0']`; empty where nothing can be pinned. */
export type CommandPrefix = readonly string[]

export interface ArenaRun {
  readonly rooms: number
  readonly players: number
  readonly seconds: number
  readonly warmupSeconds: number
  readonly pin: { readonly server: CommandPrefix; readonly generator: CommandPrefix }
  progress(text: string): void
}

/** What one size of the arena came to. */
export interface ArenaCell {
  readonly rooms: number
  /** In and out, that the server handled in the measured time. */
  readonly messages: number
  /** User and system time of the server's process. */
  readonly cpuUsPerMessage: number
  /** Between two snapshots of one player. */
  readonly intervalMs: { readonly p50: number; readonly p99: number }
  /** Of the snapshots that 20 ticks a second for every player would be. */
  readonly deliveredShare: number
  /** Share of the time in which the generator did not wait for anything. */
  readonly generatorBusy: number
  /** The generator was the bottleneck, so the other figures say nothing of the server. */
  readonly isGeneratorLimit: boolean
  /** Resident memory of the server's process at the end. */
  readonly rssBytes: number
}

/** Another server that plays the same arena. */
export interface ArenaPeer {
  readonly name: string
  /** Undefined, or why it cannot run here. May install it. */
  unavailable(): Promise<string | undefined>
  /** @throws Error when this size could not be measured */
  run(options: ArenaRun): Promise<ArenaCell>
}
