import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//

/**
 * What the licences of bundled packages ask for: the name and licence of each, and its text.
 * @param root what the paths of `inputs`, the files that were bundled, begin at
 * @throws Error when a package does not say what its licence is
 */
export async function thirdPartyNotice(root, inputs) {
  const folders = new Set(inputs.map((path) => PACKAGE_FOLDER.exec(path)?.[1]).filter(Boolean))
  const parts = await Promise.all([...folders].sort().map((folder) => noticeOf(join(root, folder))))
  return `The kaosnet command contains these packages.\n\n${parts.join('\n')}`
}

async function noticeOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  if (typeof license !== 'string') throw new Error(`${name} does not say what its licence is`)
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file === undefined ? '' : `\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n${text}`
}
