import { availableParallelism } from 'node:os'
import { hasCommand } from '../transport/lossy-link/requirements.ts'

/** What to start the processes of a benchmark through; empty = as they are. */
export interface Pin {
  readonly server: readonly string[]
  readonly generator: readonly string[]
}

export const NOT_PINNED: Pin = { server: [], generator: [] }

/** The server on core 0 and the generator on core 1, where the machine has two and `taskset`. */
export function onePerCore(): Pin {
  if (availableParallelism() < 2 || !hasCommand('taskset', '--version')) return NOT_PINNED
  return { server: ['taskset', '-c', '0'], generator: ['taskset', '-c', '1'] }
}
