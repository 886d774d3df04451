import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = '.kaosnet'
/** Only its owner sees what is in it. */
const FOLDER_MODE = 0o700

/** The folder for what `kaosnet` keeps from one start to the next, in the folder of the game; it need not exist. */
export function ownFolderOf(gameFolder: string): string {
  return join(gameFolder, FOLDER)
}

/** Makes that folder where there is none, so that no commit takes it along. @throws where nothing can be written there */
export function makeOwnFolder(gameFolder: string): void {
  const folder = ownFolderOf(gameFolder)
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
  accessSync(folder, constants.W_OK)
  const ignore = join(folder, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
}
