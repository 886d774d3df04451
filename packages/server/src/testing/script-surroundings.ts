import { resolveConfig, type ServerConfigInput } from '../config.ts'
import { HostStats } from '../host/host-stats.ts'
import { ManualClock } from './manual-clock.ts'
import { type RecordingLogger, recordingLogger } from './recording-logger.ts'
import { type RecordingServices, recordingServices } from './recording-services.ts'
import { seededRandom } from './seeded-random.ts'

/** What a test sees of the world around a script language. */
export interface ScriptSurroundings {
  readonly services: RecordingServices
  readonly clock: ManualClock
  readonly log: RecordingLogger
  readonly stats: HostStats
}

/** Everything a script language needs of a node, recorded, on a clock that moves only when told to. */
export function scriptSurroundings(config: ServerConfigInput) {
  const surroundings: ScriptSurroundings = {
    services: recordingServices(),
    clock: new ManualClock(),
    log: recordingLogger(),
    stats: new HostStats(),
  }
  const { services, clock, log, stats } = surroundings
  const parts = {
    config: resolveConfig({ options: config }),
    clock,
    random: seededRandom(1),
    logger: log,
    stats,
    services,
  }
  return { surroundings, parts }
}
