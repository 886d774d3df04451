import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import { HostStats } from '../host/host-stats.ts'
import type { RoomId } from '../ids.ts'
import type { LoadedScripts } from '../script/loaded-scripts.ts'
import { TypeScriptLanguage } from '../script/typescript/typescript-language.ts'
import { ManualClock } from './manual-clock.ts'
import { type RecordingLogger, recordingLogger } from './recording-logger.ts'
import { type RecordingServices, recordingServices } from './recording-services.ts'
import { seededRandom } from './seeded-random.ts'

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

/** Modules in a folder of their own, with no node behind them. */
export interface ModuleWorld {
  readonly dir: string
  readonly language: TypeScriptLanguage
  /** What was loaded last. */
  readonly scripts: LoadedScripts
  readonly services: RecordingServices
  readonly clock: ManualClock
  readonly log: RecordingLogger
  readonly stats: HostStats
  load(version?: string): Promise<LoadedScripts>
}

export function moduleWorld(sources: Sources, config: ServerConfigInput = {}): ModuleWorld {
  const dir = moduleFolder(sources)
  const services = recordingServices()
  const clock = new ManualClock()
  const log = recordingLogger()
  const stats = new HostStats()
  const language = new TypeScriptLanguage({
    config: resolveConfig({ options: config }),
    clock,
    random: seededRandom(1),
    logger: log,
    stats,
    services,
  })
  let scripts: LoadedScripts | undefined
  return {
    dir,
    language,
    services,
    clock,
    log,
    stats,
    get scripts() {
      if (scripts === undefined) throw new Error('the modules are not loaded')
      return scripts
    },
    async load(version = 'v1') {
      const loaded = await language.load({ version, lua: undefined, modulesDir: dir })
      if (loaded === undefined) throw new Error('there is no folder')
      scripts = loaded
      return loaded
    },
  }
}
