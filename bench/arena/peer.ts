/** One measurement of one game server at one number of rooms. */
export interface ArenaCell {
  readonly rooms: number
  /** Messages in and out together that the server handled while it was measured. */
  readonly messages: number
  /** User and system time of the server's whole process, in µs, divided by `messages`. */
  readonly cpuUsPerMessage: number
  /** Time between two broadcasts as a client gets them, over all clients. */
  readonly intervalMs: { readonly p50: number; readonly p99: number }
  /** Broadcasts that arrived, of those that 20 ticks a second for every player would be. */
  readonly deliveredShare: number
  /** Share of one core that the server used. */
  readonly serverBusy?: number
  /** Share of one core that the generator was busy; the largest, when there are several. */
  readonly generatorBusy: number
  /** The generator was busy all the time, or late with its inputs: the figures are not the server's. */
  readonly isGeneratorLimit: boolean
  readonly rssBytes: number
}

export interface ArenaRunOptions {
  readonly rooms: number
  /** In each room. */
  readonly players: number
  /** Measured time. */
  readonly seconds: number
  /** Under load before that. */
  readonly warmupSeconds: number
  /** What to start a process through, for example `['taskset', '-c', '0']`; empty = as it is. */
  readonly pin: { readonly server: readonly string[]; readonly generator: readonly string[] }
  progress(text: string): void
}

/** A game server that plays the arena (`README.md`), started anew for each measurement. */
export interface ArenaPeer {
  readonly name: string
  /**
   * Why it cannot run here, in a sentence; undefined when it can.
   * @param progress Told when something has to be installed first.
   */
  unavailable(progress?: (text: string) => void): Promise<string | undefined>
  run(options: ArenaRunOptions): Promise<ArenaCell>
}
