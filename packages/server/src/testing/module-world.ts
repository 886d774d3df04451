import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import type { RoomId } from '../ids.ts'
import type { SignalRoom } from '../script/script-engine.ts'
import { type TypeScriptManifest, TypeScriptEngine } from '../script/typescript/typescript-engine.ts'
import { ManualClock } from './manual-clock.ts'
import { type RecordingLogger, recordingLogger } from './recording-logger.ts'
import { type RecordingServices, recordingServices } from './recording-services.ts'
import { seededRandom } from './seeded-random.ts'
import { testMetrics } from './test-metrics.ts'

/** Path below the folder → source. */
export type Sources = Readonly<Record<string, string>>

export const ROOM_ID = '00000000-0000-4000-8000-000000000001' as RoomId

/** A folder with these files, removed after the test. */
export function moduleFolder(sources: Sources): string {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-modules-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  writeModules(dir, sources)
  return dir
}

export function writeModules(dir: string, sources: Sources): void {
  for (const [path, source] of Object.entries(sources)) {
    const file = join(dir, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source)
  }
}

/** An engine with a folder of its own, and no node behind it. */
export interface ModuleWorld {
  readonly dir: string
  readonly engine: TypeScriptEngine
  readonly services: RecordingServices
  readonly clock: ManualClock
  readonly log: RecordingLogger
  readonly metrics: ReturnType<typeof testMetrics>
  load(signalRoom?: SignalRoom): Promise<TypeScriptManifest>
}

export function moduleWorld(sources: Sources, config: ServerConfigInput = {}): ModuleWorld {
  const dir = moduleFolder(sources)
  const metrics = testMetrics()
  onTestFinished(() => metrics.close())
  const services = recordingServices()
  const clock = new ManualClock()
  const log = recordingLogger()
  const engine = new TypeScriptEngine({
    config: resolveConfig({ options: config }),
    modulesDir: dir,
    clock,
    random: seededRandom(1),
    logger: log,
    metrics,
    services,
  })
  onTestFinished(() => engine.close())
  return {
    dir,
    engine,
    services,
    clock,
    log,
    metrics,
    load: (signalRoom = () => undefined) => engine.load(signalRoom),
  }
}
