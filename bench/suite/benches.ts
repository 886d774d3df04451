import { arena } from '../arena/arena.ts'
import { ccu } from '../ccu/ccu.ts'
import { datagrams } from '../datagrams/datagrams.ts'
import { idle } from '../idle/idle.ts'
import { rpc } from '../rpc/rpc.ts'
import { startup } from '../startup/startup.ts'
import { targets } from '../targets/targets.ts'
import type { Bench } from './bench.ts'

/** All benchmarks, in the order in which they run. */
export const BENCHES: readonly Bench[] = [targets, arena, ccu, idle, rpc, datagrams, startup]
