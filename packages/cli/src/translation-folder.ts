import { join } from 'node:path'
import type { ServerConfig } from '@kaosnet/server'
import { makeOwnFolder, ownFolderOf } from './own-folder.ts'

const TRANSLATIONS = 'modules'

/** Lets a server with TypeScript modules keep what it has translated in the folder of its game, where that can be written. */
export function withTranslationsIn(gameFolder: string, config: ServerConfig): ServerConfig {
  const { cacheDir, modulesDir } = config.scripts
  if (modulesDir === undefined || cacheDir !== undefined) return config
  try {
    makeOwnFolder(gameFolder)
  } catch {
    // It starts all the same, only later.
    return config
  }
  return { ...config, scripts: { ...config.scripts, cacheDir: join(ownFolderOf(gameFolder), TRANSLATIONS) } }
}
