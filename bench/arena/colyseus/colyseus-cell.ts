import type { ArenaCell } from '../peer.ts'
import type { ServerSample } from './game/server-process.ts'
import { TICK_HZ } from './game/wire.ts'
import type { GeneratorMeasurement } from './generator/generator-process.ts'

/** An event loop above this share is taken to be busy all the time. */
const BUSY_SHARE = 0.9
/** Fewer inputs than this share of those due: the generator did not keep up. */
const INPUT_SHARE = 0.98
/** More than this of one core used by other programs spoils a measurement: nobody can step aside who is pinned. */
const DISTURBED_SHARE = 0.1

/** Beyond what every peer reports: why the figures are as they are. */
export interface ColyseusCell extends ArenaCell {
  /** Share of the server's one core. */
  readonly serverCoreShare: number
  /** Ticks that the average room ran in a second. */
  readonly tickHz: number
  /** Of the inputs that the players sent, as the server counts them. */
  readonly inputShare: number
  /** Ticks that a player missed between others that it got: TCP loses none, so any is a fault. */
  readonly missingTicks: number
  /** Used by other programs meanwhile, as a share of one core. */
  readonly otherCpuShare: number
  /** The others used so much that this had better be measured again. */
  readonly isDisturbed: boolean
}

export interface ColyseusReadings {
  readonly rooms: number
  readonly players: number
  readonly before: ServerSample
  readonly after: ServerSample
  readonly generator: GeneratorMeasurement
  /** Used between the two samples on all cores together. */
  readonly machineCpuUs: number
}

/** Turns what was read into what is reported. */
export function colyseusCell(readings: ColyseusReadings): ColyseusCell {
  const { rooms, players, before, after, generator, machineCpuUs } = readings
  const serverMs = after.atMs - before.atMs
  const cpuUs = after.cpuUs - before.cpuUs
  const inputs = after.inputs - before.inputs
  const messages = inputs + after.snapshots - before.snapshots
  const snapshotsDue = (rooms * players * TICK_HZ * generator.elapsedMs) / 1000
  const generatorBusy = generator.busyMs / generator.elapsedMs
  const otherCpuShare = Math.max(0, (machineCpuUs - cpuUs - generator.cpuUs) / (serverMs * 1000))
  const isBehind = generator.inputsSent < generator.inputsDue * INPUT_SHARE
  return {
    rooms,
    messages,
    cpuUsPerMessage: cpuUs / messages,
    intervalMs: generator.intervalMs,
    deliveredShare: generator.snapshots / snapshotsDue,
    generatorBusy,
    isGeneratorLimit: generatorBusy >= BUSY_SHARE || isBehind,
    rssBytes: after.rssBytes,
    serverCoreShare: cpuUs / (serverMs * 1000),
    tickHz: ((after.ticks - before.ticks) * 1000) / serverMs / rooms,
    inputShare: inputs / serverMs / (generator.inputsSent / generator.elapsedMs),
    missingTicks: generator.missing,
    otherCpuShare,
    isDisturbed: otherCpuShare >= DISTURBED_SHARE,
  }
}
