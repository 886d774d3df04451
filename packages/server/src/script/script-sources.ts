import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'

/** A module's source, as `require` sees it. */
export interface ScriptSource {
  readonly source: string
  /** For error messages: the path below the scripts folder. */
  readonly chunkName: string
}

/**
 * The files of a folder as plain data that can cross to another thread: source or problem by path. A path that ends in
 * a slash is a folder that may not be looked into.
 */
export interface SourceFiles {
  readonly [path: string]: { readonly source: string } | { readonly problem: string }
}

const MODULE_NAME = /^[A-Za-z0-9_-]+([./][A-Za-z0-9_-]+)*$/
/** Far more than any game has; a scripts folder that is `/` by mistake ends here. */
const MAX_FILES = 10_000
const MAX_BYTES = 64 * 1024 * 1024
const MAX_DEPTH = 32

/**
 * The Lua files of a scripts folder as they were at one moment: the only files that scripts can reach. `a.b` and `a/b`
 * are both `a/b.lua` or `a/b/init.lua` below the folder; names cannot climb out of it, nor can symbolic links.
 */
export class ScriptSources {
  readonly files: SourceFiles

  constructor(files: SourceFiles) {
    this.files = files
  }

  /** @throws {Error} when the folder does not exist or holds too much */
  static read(dir: string): ScriptSources {
    return new ScriptSources(readFolder(dir, ['.lua']))
  }

  /** Every name that `read` knows, with slashes. */
  names(): string[] {
    return Object.keys(this.files).flatMap((path) => {
      if (path.endsWith('/')) return []
      const name = path.slice(0, -'.lua'.length)
      return name.endsWith('/init') ? [name, name.slice(0, -'/init'.length)] : [name]
    })
  }

  has(name: string): boolean {
    return this.#pathOf(name) !== undefined
  }

  /**
   * @returns undefined when there is no such module.
   * @throws {Error} for a file that is a link out of the folder.
   */
  read(name: string): ScriptSource | undefined {
    const path = this.#pathOf(name)
    const file = path === undefined ? undefined : this.files[path]
    if (path === undefined || file === undefined) return undefined
    if ('problem' in file) throw new Error(file.problem)
    return { source: file.source, chunkName: path }
  }

  #pathOf(name: string): string | undefined {
    if (!MODULE_NAME.test(name)) return undefined
    const key = name.replaceAll('.', '/')
    const folders = key.split('/').map((_, index, parts) => `${parts.slice(0, index).join('/')}/`)
    // A folder that is a link out of this one stands for all that is in it.
    return [`${key}.lua`, `${key}/init.lua`, ...folders].find((path) => Object.hasOwn(this.files, path))
  }
}

/** What is in the files, as 12 hex digits: equal for equal files, whatever their dates. */
export function versionOf(...folders: readonly SourceFiles[]): string {
  const hash = createHash('sha256')
  for (const files of folders) {
    for (const path of Object.keys(files).sort()) hash.update(JSON.stringify([path, files[path]]))
    hash.update('\0')
  }
  return hash.digest('hex').slice(0, 12)
}

/**
 * Reads the files of a folder that end in one of the extensions, folders of folders too; hidden ones and
 * `node_modules` are passed over.
 * @throws {Error} when the folder does not exist or holds too much
 */
export function readFolder(dir: string, extensions: readonly string[]): SourceFiles {
  const path = resolve(dir)
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new Error(`the scripts folder ${path} does not exist`)
  }
  const root = realpathSync(path)
  const files: Record<string, SourceFiles[string]> = Object.create(null)
  let count = 0
  let bytes = 0
  const walk = (folder: string, ancestors: readonly string[]): void => {
    for (const name of readdirSync(join(root, folder)).sort()) {
      if (name.startsWith('.') || name === 'node_modules') continue
      const below = folder === '' ? name : `${folder}/${name}`
      const real = existing(join(root, below))
      if (real === undefined) continue
      const stats = statSync(real)
      const extension = extensions.find((candidate) => name.endsWith(candidate))
      if (stats.isDirectory()) {
        if (!isInside(root, real)) files[`${below}/`] = { problem: linkProblem(below) }
        // A link to a folder around this one would never end.
        else if (!ancestors.includes(real) && ancestors.length < MAX_DEPTH) walk(below, [...ancestors, real])
      } else if (stats.isFile() && extension !== undefined) {
        files[below] = isInside(root, real)
          ? { source: readFileSync(real, 'utf8') }
          : { problem: linkProblem(below.slice(0, -extension.length)) }
        count++
        bytes += stats.size
        if (count > MAX_FILES || bytes > MAX_BYTES) {
          const bound = `${MAX_FILES} scripts or ${MAX_BYTES / 1024 / 1024} MiB`
          throw new Error(`the scripts folder ${path} holds more than ${bound}`)
        }
      }
    }
  }
  walk('', [root])
  return files
}

function isInside(root: string, real: string): boolean {
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)
}

function linkProblem(module: string): string {
  return `module "${module}" is a link out of the scripts folder`
}

/** The real path; undefined for a link that leads nowhere. */
function existing(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
