import type { LoadedScripts, ScriptBundle } from '../loaded-scripts.ts'
import { loadModuleSet } from './module-set.ts'
import { SourceEvaluator } from './source-evaluator.ts'
import { type TypeScriptParts, TypeScriptScripts } from './typescript-scripts.ts'

/** Loads TypeScript and JavaScript modules into the calling thread. */
export class TypeScriptLanguage {
  readonly #parts: TypeScriptParts
  readonly #evaluator = new SourceEvaluator()

  constructor(parts: TypeScriptParts) {
    this.#parts = parts
  }

  /** undefined where there is no folder of modules. @throws {Error} that names the file and line when anything cannot be loaded */
  async load({ version, modulesDir }: ScriptBundle): Promise<LoadedScripts | undefined> {
    if (modulesDir === undefined) return undefined
    const { entry } = this.#parts.config.scripts
    const set = await loadModuleSet(modulesDir, entry, this.#evaluator)
    return new TypeScriptScripts(this.#parts, version, set)
  }
}
