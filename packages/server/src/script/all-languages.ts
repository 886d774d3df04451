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
import { RELAY_MODULE, type RelayLanguage } from './relay-language.ts'
import type { TypeScriptLanguage } from './typescript/typescript-language.ts'

/**
 * Lua and TypeScript side by side. Of two modules of one name it is TypeScript's that runs, and an entry module in
 * TypeScript stands in place of the one in Lua. Relayed rooms come with them where they are not configured off.
 */
export class AllLanguages implements ScriptLanguage {
  readonly #lua: LuaLanguage
  readonly #typescript: TypeScriptLanguage
  readonly #relay: RelayLanguage | undefined

  constructor(lua: LuaLanguage, typescript: TypeScriptLanguage, relay?: RelayLanguage) {
    this.#lua = lua
    this.#typescript = typescript
    this.#relay = relay
  }

  get memoryBytes(): number {
    return this.#lua.memoryBytes
  }

  /**
   * @throws when an entry script or a TypeScript module fails, or a module has the name of a built-in one; nothing has
   *   changed then
   */
  async load(bundle: ScriptBundle): Promise<LoadedScripts> {
    const typescript = await this.#typescript.load(bundle)
    const lua = await this.#lua.load(bundle, typescript === undefined || !typescript.hasEntry)
    const scripts = typescript === undefined ? lua : new BothLanguages(lua, typescript)
    const relay = this.#relay?.load(bundle.version)
    if (relay === undefined) return scripts
    if (scripts.modules.has(RELAY_MODULE)) {
      scripts.retire()
      throw new Error(
        `${RELAY_MODULE} is the name of a built-in module: rename the script, or set rooms.relay to false`,
      )
    }
    return new BothLanguages(scripts, relay)
  }

  close(): void {
    this.#lua.close()
  }
}

/** Two sets of modules as one; what both have is that of `over`. */
class BothLanguages implements LoadedScripts {
  readonly version: string
  readonly rpcs: ReadonlySet<string>
  readonly before: ReadonlySet<HookName>
  readonly after: ReadonlySet<HookName>
  readonly modules: ReadonlySet<string>
  readonly #under: LoadedScripts
  readonly #over: LoadedScripts
  /** The language of the entry module. */
  readonly #entry: LoadedScripts

  constructor(under: LoadedScripts, over: LoadedScripts) {
    this.#under = under
    this.#over = over
    this.#entry = over.hasEntry ? over : under
    this.version = under.version
    this.rpcs = this.#entry.rpcs
    this.before = this.#entry.before
    this.after = this.#entry.after
    this.modules = new Set([...under.modules, ...over.modules])
  }

  get hasEntry(): boolean {
    return this.#entry.hasEntry
  }

  createMatch(roomId: RoomId, module: string, onInvalidInput: OnInvalidInput): MatchHandler {
    const language = this.#over.modules.has(module) ? this.#over : this.#under
    return language.createMatch(roomId, module, onInvalidInput)
  }

  invoke(call: ScriptCall): Promise<ScriptOutcome> {
    return this.#entry.invoke(call)
  }

  usage(): CallUsage {
    return this.#entry.usage()
  }

  retire(): void {
    this.#under.retire()
    this.#over.retire()
  }
}
