import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger, ServerConfig } from '@kaosnet/server'
import { makeOwnFolder, ownFolderOf } from './own-folder.ts'

const KEY_FILE = 'udp.key'

/**
 * Lets a server that has not been given a UDP key keep one in the folder of its game, where no commit takes it along. It
 * starts without where the folder cannot be written.
 */
export function withKeyOf(gameFolder: string, config: ServerConfig, logger: Logger): ServerConfig {
  const { enabled, keyFile, privateKey } = config.udp
  if (!enabled || keyFile !== undefined || privateKey !== undefined) return config
  const folder = ownFolderOf(gameFolder)
  const file = join(folder, KEY_FILE)
  try {
    if (!existsSync(file)) makeOwnFolder(gameFolder)
  } catch (error) {
    logger.warn(
      { folder, error: error instanceof Error ? error.message : String(error) },
      'no UDP key is kept: after a restart, clients over UDP notice only by their timeout; see udp.keyFile',
    )
    return config
  }
  return { ...config, udp: { ...config.udp, keyFile: file } }
}
