import type { ServerMemory } from '../suite/server-process.ts'

/** So many things were there, and the server took so much. */
export interface IdleMemory {
  readonly count: number
  readonly memory: ServerMemory
}

/** What one of them takes, in bytes. */
export interface BytesEach {
  /** Growth of what is resident since nobody was there, without garbage and the nurseries of V8. */
  readonly rss: number
  /** The same since the size before: does it cost more when there are many? */
  readonly rssOfFurther: number
  /** Growth of what the system counts, with garbage and nurseries. */
  readonly foundRss: number
  /** Growth of what is alive. */
  readonly heap: number
}

/** @param sizes ascending, all of one server */
export function bytesEach(empty: ServerMemory, sizes: readonly IdleMemory[]): BytesEach[] {
  return sizes.map(({ count, memory }, index) => {
    const before = sizes[index - 1] ?? { count: 0, memory: empty }
    return {
      rss: (memory.rssBytes - empty.rssBytes) / count,
      rssOfFurther: (memory.rssBytes - before.memory.rssBytes) / (count - before.count),
      foundRss: (memory.foundRssBytes - empty.foundRssBytes) / count,
      heap: (memory.heapBytes - empty.heapBytes) / count,
    }
  })
}
