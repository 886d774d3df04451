import { createHash } from 'node:crypto'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'

/** A file whose default export is a definition. */
export interface ModuleFile {
  /** The module's name, e.g. `arena`. */
  readonly name: string
  /** Absolute, links resolved. */
  readonly path: string
  /** Below the modules folder, for messages, e.g. `arena/index.ts`. */
  readonly title: string
}

/** What is in a modules folder. */
export interface ModuleFolder {
  /** Absolute, links resolved. */
  readonly root: string
  readonly modules: readonly ModuleFile[]
  /** Depends on every source below the folder and on nothing else: equal on all hosts that see the same sources. */
  readonly version: string
}

const EXTENSIONS = ['.ts', '.js', '.mjs']
/** What a module can import from the folder. */
const SOURCE = /\.([cm]?[jt]s|json)$/
/** No dot: `arena.test.ts` and `arena.d.ts` are no modules. No leading underscore: those are helpers. */
const MODULE_NAME = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/
const IGNORED_FOLDERS = new Set(['node_modules', '.git'])
const VERSION_DIGITS = 12

/**
 * Finds the modules: `name.ts`, `name.js`, `name.mjs`, or `index.*` in a folder `name`.
 * @throws when the folder does not exist, or two files are the same module
 */
export async function readModuleFolder(dir: string): Promise<ModuleFolder> {
  const root = await realpath(resolve(dir)).catch(() => {
    throw new Error(`the modules folder ${resolve(dir)} does not exist`)
  })
  const sources = await sourcesBelow(root)
  const modules = new Map<string, ModuleFile>()
  for (const path of sources) {
    const title = relative(root, path).replaceAll(sep, '/')
    const name = moduleName(title)
    if (name === undefined) continue
    const other = modules.get(name)
    if (other !== undefined) throw new Error(`${other.title} and ${title} are both the module "${name}"`)
    modules.set(name, { name, path, title })
  }
  return { root, modules: [...modules.values()], version: await versionOf(root, sources) }
}

function moduleName(title: string): string | undefined {
  const extension = EXTENSIONS.find((candidate) => title.endsWith(candidate))
  if (extension === undefined) return undefined
  const name = title.slice(0, -extension.length).replace(/^([^/]+)\/index$/, '$1')
  return MODULE_NAME.test(name) ? name : undefined
}

/** Sorted, so that the order on the disk does not matter. */
async function sourcesBelow(dir: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) {
      if (!IGNORED_FOLDERS.has(entry.name)) found.push(...(await sourcesBelow(path)))
    } else if (SOURCE.test(entry.name)) found.push(path)
  }
  return found.sort()
}

async function versionOf(root: string, sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of sources) {
    const source = await readFile(path)
    hash.update(`${relative(root, path)}\0${source.length}\0`).update(source)
  }
  return hash.digest('hex').slice(0, VERSION_DIGITS)
}
