import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger, ServerConfig } from '@kaosnet/server'

const FOLDER = '.kaosnet'
const KEY_FILE = 'udp.key'
/** Only its owner sees what is in it. */
const FOLDER_MODE = 0o700

/**
 * Lets a server that has not been given a UDP key keep one in the folder of its game, where no commit takes it along. It
 * starts without where the folder cannot be written.
 */
export function withKeyOf(gameFolder: string, config: ServerConfig, logger: Logger): ServerConfig {
  const { enabled, keyFile, privateKey } = config.udp
  if (!enabled || keyFile !== undefined || privateKey !== undefined) return config
  const folder = join(gameFolder, FOLDER)
  const file = join(folder, KEY_FILE)
  try {
    prepare(folder, file)
  } catch (error) {
    logger.warn(
      { folder, error: error instanceof Error ? error.message : String(error) },
      'no UDP key is kept: after a restart, clients over UDP notice only by their timeout; see udp.keyFile',
    )
    return config
  }
  return { ...config, udp: { ...config.udp, keyFile: file } }
}

/** @throws when a key can neither be found nor be made there */
function prepare(folder: string, file: string): void {
  if (existsSync(file)) return
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
  accessSync(folder, constants.W_OK)
  const ignore = join(folder, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
}
