import type { RoomId } from '../ids.ts'
import type { MatchHandler } from '../room/match-handler.ts'
import type { HookName, ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import type {
  CallUsage,
  LoadedScripts,
  OnInvalidInput,
  ScriptBundle,
  ScriptLanguage,
} from './loaded-scripts.ts'
import type { LuaLanguage } from './lua-language.ts'
import type { TypeScriptLanguage } from './typescript/typescript-language.ts'

/**
 * Lua and TypeScript side by side. Of two modules of one name it is TypeScript's that runs, and an entry module in
 * TypeScript stands in place of the one in Lua.
 */
export class AllLanguages implements ScriptLanguage {
  readonly #lua: LuaLanguage
  readonly #typescript: TypeScriptLanguage

  constructor(lua: LuaLanguage, typescript: TypeScriptLanguage) {
    this.#lua = lua
    this.#typescript = typescript
  }

  get memoryBytes(): number {
    return this.#lua.memoryBytes
  }

  /** @throws when an entry script or a TypeScript module fails; nothing has changed then */
  async load(bundle: ScriptBundle): Promise<LoadedScripts> {
    const typescript = await this.#typescript.load(bundle)
    const lua = await this.#lua.load(bundle, typescript === undefined || !typescript.hasEntry)
    return typescript === undefined ? lua : new BothLanguages(lua, typescript)
  }

  close(): void {
    this.#lua.close()
  }
}

class BothLanguages implements LoadedScripts {
  readonly version: string
  readonly rpcs: ReadonlySet<string>
  readonly before: ReadonlySet<HookName>
  readonly after: ReadonlySet<HookName>
  readonly modules: ReadonlySet<string>
  readonly #lua: LoadedScripts
  readonly #typescript: LoadedScripts
  /** The language of the entry module. */
  readonly #entry: LoadedScripts

  constructor(lua: LoadedScripts, typescript: LoadedScripts) {
    this.#lua = lua
    this.#typescript = typescript
    this.#entry = typescript.hasEntry ? typescript : lua
    this.version = lua.version
    this.rpcs = this.#entry.rpcs
    this.before = this.#entry.before
    this.after = this.#entry.after
    this.modules = new Set([...lua.modules, ...typescript.modules])
  }

  get hasEntry(): boolean {
    return this.#entry.hasEntry
  }

  createMatch(roomId: RoomId, module: string, onInvalidInput: OnInvalidInput): MatchHandler {
    const language = this.#typescript.modules.has(module) ? this.#typescript : this.#lua
    return language.createMatch(roomId, module, onInvalidInput)
  }

  invoke(call: ScriptCall): Promise<ScriptOutcome> {
    return this.#entry.invoke(call)
  }

  usage(): CallUsage {
    return this.#entry.usage()
  }

  retire(): void {
    this.#lua.retire()
    this.#typescript.retire()
  }
}
