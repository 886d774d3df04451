import { arena } from '../arena/arena.ts'
import type { Bench } from './bench.ts'

/** All benchmarks, in the order in which they run. */
export const BENCHES: readonly Bench[] = [arena]
