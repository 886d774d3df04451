import { performance } from 'node:perf_hooks'
import type { Room } from '../room/room.ts'
import type { CallUsage } from '../script/loaded-scripts.ts'
import type { HostReport } from './host-report.ts'
import type { HostStats } from './host-stats.ts'

const NO_CALLS: CallUsage = { vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 }

/** Puts the figures of a host together, from its counters and from the rooms it has now. */
export function readHostReport(
  host: number,
  stats: HostStats,
  rooms: Iterable<Room>,
  calls: CallUsage = NO_CALLS,
  luaHeapBytes = 0,
): HostReport {
  const held = new Map<string, { memoryBytes: number; instructions: number }>()
  let queuedInputs = 0
  for (const room of rooms) {
    queuedInputs += room.queuedInputs
    const sum = held.get(room.module) ?? { memoryBytes: 0, instructions: 0 }
    const { memoryBytes, instructions } = room.usage
    held.set(room.module, {
      memoryBytes: sum.memoryBytes + memoryBytes,
      instructions: sum.instructions + instructions,
    })
  }
  return {
    host,
    modules: Array.from(stats.modules, ([module, figures]) => {
      const { memoryBytes, instructions } = held.get(module) ?? { memoryBytes: 0, instructions: 0 }
      return figures.read(module, memoryBytes, instructions)
    }),
    scriptErrors: stats.scriptErrors,
    budgetKills: stats.budgetKills,
    droppedLogLines: stats.droppedLogLines,
    invalidInputs: stats.invalidInputs,
    labelsRefused: stats.labelsRefused,
    callVms: calls.vms,
    busyCallVms: calls.busyVms,
    queuedCalls: calls.queued,
    callMemoryBytes: calls.memoryBytes,
    queuedInputs,
    inputRouting: stats.inputRouting.read(),
    busySeconds: performance.eventLoopUtilization().active / 1000,
    luaHeapBytes,
  }
}
