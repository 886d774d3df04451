import type { MemberNumber, RoomId } from '../ids.ts'
import type { MatchHandler } from '../room/match-handler.ts'
import type { HookName, ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import { type SourceFiles, versionOf } from './script-sources.ts'

/** All scripts of a server as they were at one moment; plain data that can cross to another thread. */
export interface ScriptBundle {
  readonly version: string
  /** The Lua files; undefined without a scripts folder. */
  readonly lua: SourceFiles | undefined
  /** Folder of TypeScript and JavaScript modules; each host reads it for itself. */
  readonly modulesDir: string | undefined
}

/** What scripts there are when none are configured. */
export const NO_SCRIPTS: ScriptBundle = {
  version: versionOf({}),
  lua: undefined,
  modulesDir: undefined,
}

/** What a room host runs: the languages that rooms, RPCs and hooks can be written in. */
export interface ScriptLanguage {
  /** Loads one version beside those that run. @throws when an entry script fails; nothing has changed then */
  load(bundle: ScriptBundle): Promise<LoadedScripts>
  /** Memory that all versions' states share, beyond JavaScript's heap. */
  readonly memoryBytes: number
  /** Frees what all versions share. */
  close(): void
}

/** Tells of a message that never reached the game, and why; its sender is to hear it as INVALID_PAYLOAD. */
export type OnInvalidInput = (member: MemberNumber, message: string) => void

/** What CPU and memory a script may use, and what ran over: the kinds of budget in the configuration. */
export type BudgetKind = 'load' | 'init' | 'tick' | 'join' | 'hook' | 'rpc'

/** One version of the scripts of one language, able to run. */
export interface LoadedScripts {
  readonly version: string
  /** Whether there is an entry script. */
  readonly hasEntry: boolean
  readonly rpcs: ReadonlySet<string>
  readonly before: ReadonlySet<HookName>
  readonly after: ReadonlySet<HookName>
  /** Names of match modules, with slashes. */
  readonly modules: ReadonlySet<string>
  /** A handler with a state of its own. @throws when the module does not load or is no match module */
  createMatch(roomId: RoomId, module: string, onInvalidInput: OnInvalidInput): MatchHandler
  /** Runs an RPC or a hook. Never rejects. */
  invoke(call: ScriptCall): Promise<ScriptOutcome>
  /** What runs RPCs and hooks, for the metrics. */
  usage(): CallUsage
  /** No more calls will come: frees what calls need once those under way have ended. Rooms live on. */
  retire(): void
}

export interface CallUsage {
  /** States that run RPCs and hooks, and how many of them do so now. */
  readonly vms: number
  readonly busyVms: number
  /** Calls that wait for a state. */
  readonly queued: number
  readonly memoryBytes: number
}
