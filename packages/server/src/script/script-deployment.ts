import type { ServerConfig } from '../config.ts'
import type { Logger } from '../observe/logger.ts'
import type { RoomHost, ScriptManifest } from '../room/room-host.ts'
import { NO_SCRIPTS, type ScriptBundle } from './loaded-scripts.ts'
import { scriptErrorFields } from './script-error.ts'
import { readFolder, ScriptSources, versionOf } from './script-sources.ts'

export interface ScriptDeploymentParts {
  readonly scripts: ServerConfig['scripts']
  readonly logger: Logger
  readonly host: RoomHost
  /** A version has become the one that new rooms, RPCs and hooks run. */
  readonly onActivated: (manifest: ScriptManifest) => void
}

/** Brings scripts from their folder into the hosts: at the start, and each time they are to be loaded anew. */
export class ScriptDeployment {
  readonly #parts: ScriptDeploymentParts
  #version = ''
  #running: Promise<string> | undefined

  constructor(parts: ScriptDeploymentParts) {
    this.#parts = parts
  }

  /** What new rooms, RPCs and hooks run. */
  get version(): string {
    return this.#version
  }

  /**
   * Reads the scripts, loads them in every host, and only when all have succeeded lets them run. Calls that come
   * meanwhile run one after the other.
   * @returns The version that runs now.
   * @throws what reading or loading throws; nothing has changed then
   */
  deploy(): Promise<string> {
    const after = this.#running ?? Promise.resolve()
    const deployed = after.catch(() => {}).then(() => this.#deploy())
    this.#running = deployed
    return deployed
  }

  async #deploy(): Promise<string> {
    const { host, logger, onActivated, scripts } = this.#parts
    const before = this.#version
    let bundle: ScriptBundle
    let manifest: ScriptManifest
    try {
      bundle = readBundle(scripts)
      if (bundle.version === before) return before
      manifest = await host.prepare(bundle)
    } catch (error) {
      // At the start whoever starts the server says so.
      if (before !== '') logger.error(scriptErrorFields(error), 'the scripts were not reloaded')
      throw error
    }
    host.activate()
    onActivated(manifest)
    this.#version = bundle.version
    if (before === '') logger.debug({ version: bundle.version }, 'scripts loaded')
    else logger.info({ version: bundle.version, before }, 'scripts reloaded')
    return bundle.version
  }
}

/** What TypeScript modules may be made of. */
const MODULE_EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json']

function readBundle({ dir, modulesDir }: ServerConfig['scripts']): ScriptBundle {
  if (dir === undefined && modulesDir === undefined) return NO_SCRIPTS
  const lua = dir === undefined ? undefined : ScriptSources.read(dir).files
  const modules = modulesDir === undefined ? [] : [readFolder(modulesDir, MODULE_EXTENSIONS)]
  return { version: versionOf(lua ?? {}, ...modules), lua, modulesDir }
}
