import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join, sep } from 'node:path'
import * as protocol from '@kaosnet/protocol'
import type { Jiti, JitiOptions } from 'jiti'
import * as scriptApi from './index.ts'
import { TranslationCache } from './translation-cache.ts'

type Transform = NonNullable<JitiOptions['transform']>

interface Transformed {
  readonly source: string
  readonly code: string
}

/**
 * What modules import of KaosNet is what this server runs, wherever they lie and whichever copy of the packages stands
 * there.
 */
const ownPackages = {
  '@kaosnet/server': scriptApi,
  '@kaosnet/server/script': scriptApi,
  '@kaosnet/protocol': protocol,
}

const require = createRequire(import.meta.url)
/** As the CommonJS that it is: to import it, Node would look through all of it for what it exports, which takes twice as long. */
const { createJiti } = require('jiti') as typeof import('jiti')

/**
 * Evaluates TypeScript and JavaScript modules. Each {@link Evaluation} has a module graph of its own, so that a reload
 * sees every change, also of a helper's helper, and old rooms keep theirs until they are collected.
 *
 * Built `.js` goes the same way rather than through Node's `import()`: Node never forgets a module, and a query in the
 * address makes a fresh copy of that one file only, not of what it imports. The price is that modules are evaluated
 * synchronously, without `await` at their top level.
 *
 * What was translated is kept by its source: a reload translates only what has changed, and so does another start where
 * there is a folder for translations.
 */
export class SourceEvaluator {
  #transformed = new Map<string, Transformed>()
  readonly #transform: Transform

  /** @param cacheDir Folder that translations are kept in; nothing is written without one. */
  constructor(cacheDir?: string) {
    const cache = cacheDir === undefined ? undefined : new TranslationCache(cacheDir, jitiVersion())
    const translator = createJiti(import.meta.url, {
      fsCache: false,
      moduleCache: false,
      interopDefault: false,
    })
    // The code itself asks how CommonJS is to be imported; jiti's way at run time would put a proxy before every module.
    const translate = (options: Parameters<Transform>[0]): string =>
      translator.transform({ ...options, interopDefault: true })
    this.#transform = (options) => {
      const { async: isAsync = false, filename = '', source } = options
      // What `import()` loads is translated in another way than what `import` does.
      const name = isAsync ? `${filename} async` : filename
      const kept = cache?.read(name, source)
      if (kept !== undefined) return { code: kept }
      const code = translate(options)
      cache?.write(name, source, code)
      return { code }
    }
  }

  /** Begins a fresh module graph for the folder `root`. */
  begin(root: string): Evaluation {
    forgetCommonJs(root)
    const before = this.#transformed
    const now = new Map<string, Transformed>()
    this.#transformed = now
    const transform: Transform = (options) => {
      const { filename = '', source } = options
      const known = before.get(filename) ?? now.get(filename)
      const code = known?.source === source ? known.code : this.#transform(options).code
      now.set(filename, { source, code })
      return { code }
    }
    return new Evaluation(
      createJiti(root, {
        fsCache: false,
        moduleCache: false,
        interopDefault: false,
        sourceMaps: false,
        tryNative: false,
        transform,
        virtualModules: ownPackages,
        nativeModules: dependenciesOf(root),
      }),
    )
  }
}

/** One module graph. */
export class Evaluation {
  readonly #jiti: Jiti
  readonly #modules: NonNullable<Parameters<Jiti['evalModule']>[1]>['cache'] & object = {}

  constructor(jiti: Jiti) {
    this.#jiti = jiti
  }

  /**
   * @param path Absolute. A module that another one imported already is not evaluated again.
   * @returns What the module exports.
   * @throws what the module throws, or a ParseError
   */
  evaluate(path: string): unknown {
    const known = this.#modules[path]
    if (known !== undefined) return known.exports
    return this.#jiti.evalModule(readFileSync(path, 'utf8'), {
      id: path,
      filename: path,
      ext: extname(path),
      cache: this.#modules,
      async: false,
    })
  }
}

function jitiVersion(): string {
  const { version } = require('jiti/package.json') as { version: string }
  return `jiti ${version}`
}

/** CommonJS helpers are the one kind that Node evaluates, and remembers. */
function forgetCommonJs(root: string): void {
  const inside = root + sep
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(inside) && !path.includes(`${sep}node_modules${sep}`)) delete require.cache[path]
  }
}

/** The packages that the game depends on: Node loads them itself, once, without translation. */
function dependenciesOf(root: string): string[] {
  for (let dir = root; ; dir = join(dir, '..')) {
    const manifest = readManifest(join(dir, 'package.json'))
    if (manifest !== undefined) return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    if (dir === join(dir, '..')) return []
  }
}

interface Manifest {
  readonly dependencies?: object
  readonly peerDependencies?: object
}

function readManifest(path: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest
  } catch {
    return undefined
  }
}
