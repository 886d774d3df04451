import type { LoadedScripts, ScriptBundle } from '../loaded-scripts.ts'
import { loadModuleSet } from './module-set.ts'
import type { SourceEvaluator } from './source-evaluator.ts'
import { type TypeScriptParts, TypeScriptScripts } from './typescript-scripts.ts'

/** Loads TypeScript and JavaScript modules into the calling thread. */
export class TypeScriptLanguage {
  readonly #parts: TypeScriptParts
  #evaluator: Promise<SourceEvaluator> | undefined

  constructor(parts: TypeScriptParts) {
    this.#parts = parts
    // A thread that will need it loads it while the node still prepares what else there is.
    if (parts.config.scripts.modulesDir !== undefined) this.#sourceEvaluator().catch(() => {})
  }

  /** undefined where there is no folder of modules. @throws {Error} that names the file and line when anything cannot be loaded */
  async load({ version, modulesDir }: ScriptBundle): Promise<LoadedScripts | undefined> {
    if (modulesDir === undefined) return undefined
    const { entry } = this.#parts.config.scripts
    const set = await loadModuleSet(modulesDir, entry, await this.#sourceEvaluator())
    return new TypeScriptScripts(this.#parts, version, set)
  }

  /** It brings a translator of some megabytes, which threads without modules do without. */
  #sourceEvaluator(): Promise<SourceEvaluator> {
    this.#evaluator ??= import('./source-evaluator.ts').then(
      ({ SourceEvaluator }) => new SourceEvaluator(this.#parts.config.scripts.cacheDir),
    )
    return this.#evaluator
  }
}
