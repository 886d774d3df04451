import type { ServerMemory, ServerSample } from '../processes/room-server.ts'
import type { Drift } from '../scripts/modules/_drift.ts'
import type { Cell, CellResult, ThreadCost } from './cell.ts'
import { TickHistogram } from './tick-histogram.ts'

/** More than this of one core used by other programs, and the kernel's interrupts, spoils a measurement. */
const DISTURBED_SHARE = 0.25
/** The bound of the goal, which is one of the histogram's too. */
const LATE_SECONDS = 0.002

type Span<T> = readonly [before: T, after: T]

export interface CellReadings {
  readonly cell: Cell
  /** Without rooms. */
  readonly idle: Span<ServerSample>
  readonly measured: Span<ServerSample>
  readonly memory: Span<ServerMemory>
  readonly drift: Drift
  readonly inputsSent: number
  readonly inputsDuePerSecond: number
  readonly setUpMs: number
  readonly isPinned: boolean
}

/** Turns what was read into what is reported. */
export function cellResult(readings: CellReadings): CellResult {
  const { cell, idle, measured, memory, drift, inputsSent, inputsDuePerSecond, setUpMs, isPinned } = readings
  const [before, after] = measured
  const elapsedMs = after.atMs - before.atMs
  const seconds = elapsedMs / 1000
  const grown = (name: string): number => after.metrics.sum(name) - before.metrics.sum(name)
  const ticks = grown('kaosnet_ticks_total')
  const lateness = histogram(measured, 'kaosnet_tick_lateness_seconds')
  const cost = (read: (sample: ServerSample) => number, busyShare: number): ThreadCost => {
    const coreShare = Math.max(0, shareOf(measured, read) - shareOf(idle, read))
    return { coreShare, usPerTick: (coreShare * elapsedMs * 1000) / ticks, busyShare }
  }
  const ownShare = shareOf(measured, ({ processCpuUs }) => processCpuUs)
  const threadsShare = shareOf(measured, ({ hostCpuUs, mainCpuUs }) => hostCpuUs + mainCpuUs)
  const otherCpuShare = Math.max(0, shareOf(measured, ({ machineCpuUs }) => machineCpuUs) - ownShare)
  const perRoom = (read: (sample: ServerMemory) => number): number =>
    (read(memory[1]) - read(memory[0])) / cell.rooms
  return {
    cell,
    ticksPerSecond: ticks / seconds,
    skippedPerSecond: grown('kaosnet_ticks_skipped_total') / seconds,
    lateness: {
      p50Ms: lateness.quantile(0.5) * 1000,
      p99Ms: lateness.quantile(0.99) * 1000,
      p999Ms: lateness.quantile(0.999) * 1000,
      within2Ms: lateness.shareUpTo(LATE_SECONDS),
    },
    tickUs: (grown('kaosnet_tick_duration_seconds_sum') / ticks) * 1e6,
    host: cost(({ hostCpuUs }) => hostCpuUs, grown('kaosnet_host_busy_seconds_total') / seconds),
    main: cost(({ mainCpuUs }) => mainCpuUs, (after.mainBusyMs - before.mainBusyMs) / elapsedMs),
    helpersShare: Math.max(0, ownShare - threadsShare),
    memory: {
      host: perRoom(({ hostHeap }) => hostHeap),
      lua: perRoom(({ luaStates }) => luaStates),
      main: perRoom(({ mainHeap }) => mainHeap),
      resident: perRoom(({ resident }) => resident),
    },
    drift,
    inputsPerSecond: inputsSent / seconds,
    inputsDuePerSecond,
    framesPerSecond: (after.roomFrames - before.roomFrames) / seconds,
    setUpMs,
    isPinned,
    otherCpuShare,
    isDisturbed: otherCpuShare > DISTURBED_SHARE,
  }
}

/** Of one core. */
function shareOf([before, after]: Span<ServerSample>, read: (sample: ServerSample) => number): number {
  return (read(after) - read(before)) / ((after.atMs - before.atMs) * 1000)
}

function histogram([before, after]: Span<ServerSample>, name: string): TickHistogram {
  return new TickHistogram(before.metrics.buckets(name), after.metrics.buckets(name))
}
