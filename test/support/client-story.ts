import type { ClientEvents, KaosClient } from '@kaosnet/client'

type Name = Exclude<keyof ClientEvents, 'latency'>

export interface StoryEntry {
  readonly name: Name
  readonly event: ClientEvents[Name]
  /** `performance.now()` when it was told. */
  readonly atMs: number
}

const NAMES = [
  'connected',
  'dropped',
  'resuming',
  'resumed',
  'disconnected',
  'reconnecting',
  'ended',
  'fallback',
  'error',
] as const

/** Everything that a client reports from now on, oldest first. */
export class ClientStory {
  readonly entries: StoryEntry[] = []
  #wake = new Set<() => void>()

  constructor(client: KaosClient) {
    for (const name of NAMES) {
      client.on(name, (event: ClientEvents[Name]) => {
        this.entries.push({ name, event, atMs: performance.now() })
        for (const wake of this.#wake) wake()
      })
    }
  }

  get names(): string[] {
    return this.entries.map(({ name }) => name)
  }

  /** The first event of a name since the beginning, or since entry number `from`; waits for it. */
  async first<N extends Name>(
    name: N,
    from = 0,
  ): Promise<{ readonly event: ClientEvents[N]; readonly atMs: number; readonly index: number }> {
    for (;;) {
      const index = this.entries.findIndex((entry, at) => at >= from && entry.name === name)
      if (index >= 0) {
        const entry = this.entries[index] as StoryEntry
        return { event: entry.event as ClientEvents[N], atMs: entry.atMs, index }
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wake.delete(wake)
          resolve()
        }
        this.#wake.add(wake)
      })
    }
  }
}
