import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

/** A module's source, as `require` sees it. */
export interface ScriptSource {
  readonly source: string
  /** For error messages: the path below the scripts folder. */
  readonly chunkName: string
}

const MODULE_NAME = /^[A-Za-z0-9_-]+([./][A-Za-z0-9_-]+)*$/

/**
 * The scripts folder: the only files that scripts can reach. `a.b` and `a/b` are both `a/b.lua` or `a/b/init.lua` below
 * the folder; names cannot climb out of it, nor can symbolic links. Sources are read once.
 */
export class ScriptFolder {
  readonly #root: string
  /** Only of modules that exist: any other name may come from a client, and there is no end of them. */
  readonly #sources = new Map<string, ScriptSource>()

  /** @throws {Error} when the folder does not exist */
  constructor(dir: string) {
    const path = resolve(dir)
    if (!existsSync(path) || !statSync(path).isDirectory()) {
      throw new Error(`the scripts folder ${path} does not exist`)
    }
    this.#root = realpathSync(path)
  }

  has(name: string): boolean {
    return this.read(name) !== undefined
  }

  /**
   * @returns undefined when there is no such module.
   * @throws {Error} for a file that is a link out of the folder.
   */
  read(name: string): ScriptSource | undefined {
    if (!MODULE_NAME.test(name)) return undefined
    const key = name.replaceAll('.', '/')
    const source = this.#sources.get(key) ?? this.#load(key)
    if (source !== undefined) this.#sources.set(key, source)
    return source
  }

  #load(key: string): ScriptSource | undefined {
    for (const candidate of [`${key}.lua`, `${key}/init.lua`]) {
      const path = join(this.#root, candidate)
      if (!existsSync(path) || !statSync(path).isFile()) continue
      const inside = relative(this.#root, realpathSync(path))
      if (inside.startsWith(`..${sep}`) || inside === '..' || resolve(inside) === inside) {
        throw new Error(`module "${key}" is a link out of the scripts folder`)
      }
      return { source: readFileSync(path, 'utf8'), chunkName: candidate }
    }
    return undefined
  }
}
