import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What V8 has for one thread. */
export interface ThreadMemory {
  /** Used in the JavaScript heap, and what hangs on it: array buffers, WebAssembly. */
  readonly heapBytes: number
  /**
   * Resident for objects that are new. V8 makes it up to 32 MiB large where much is allocated, and a megabyte in a thread that
   * rests, no matter how much is alive.
   */
  readonly nurseryBytes: number
}

/** Collects the garbage of the thread that calls it. Twice: what the first one finalises is freed by the second. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
}

/** Of the thread that calls it. */
export function threadMemory(): ThreadMemory {
  const { heapUsed, external } = process.memoryUsage()
  const nursery = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return { heapBytes: heapUsed + external, nurseryBytes: nursery?.physical_space_size ?? 0 }
}
