import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { RoomId } from '../ids.ts'
import type { LoadedScripts } from '../script/loaded-scripts.ts'
import { TypeScriptLanguage } from '../script/typescript/typescript-language.ts'
import { type ScriptSurroundings, scriptSurroundings } from './script-surroundings.ts'

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
export interface ModuleWorld extends ScriptSurroundings {
  readonly dir: string
  readonly language: TypeScriptLanguage
  /** What was loaded last. */
  readonly scripts: LoadedScripts
  load(version?: string): Promise<LoadedScripts>
}

export function moduleWorld(sources: Sources, config: ServerConfigInput = {}): ModuleWorld {
  const dir = moduleFolder(sources)
  const { surroundings, parts } = scriptSurroundings(config)
  const language = new TypeScriptLanguage(parts)
  let scripts: LoadedScripts | undefined
  return {
    dir,
    language,
    ...surroundings,
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
