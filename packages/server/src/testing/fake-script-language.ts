import type { RoomId } from '../ids.ts'
import type { MatchHandler } from '../room/match-handler.ts'
import type { HookName, ScriptCall, ScriptOutcome } from '../room/room-host.ts'
import type { CallUsage, LoadedScripts, ScriptBundle, ScriptLanguage } from '../script/loaded-scripts.ts'
import { type RecordingMatch, recordingMatch } from './recording-match.ts'

/** One version of scripts whose match modules are objects of the test. */
export class FakeScripts implements LoadedScripts {
  readonly version: string
  readonly hasEntry = true
  readonly rpcs: ReadonlySet<string> = new Set(['echo'])
  readonly before: ReadonlySet<HookName> = new Set(['rpc'])
  readonly after: ReadonlySet<HookName> = new Set(['room_join'])
  readonly matches: RecordingMatch[] = []
  readonly calls: ScriptCall[] = []
  callUsage: CallUsage = { vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 }
  retired = 0
  readonly #games: ReadonlyMap<string, Partial<MatchHandler>>

  constructor(version: string, games: ReadonlyMap<string, Partial<MatchHandler>>) {
    this.version = version
    this.#games = games
  }

  get modules(): ReadonlySet<string> {
    return new Set(this.#games.keys())
  }

  createMatch(_roomId: RoomId, module: string): MatchHandler {
    const game = this.#games.get(module)
    if (game === undefined) throw new Error(`no module "${module}"`)
    const match = recordingMatch({ version: this.version, ...game })
    this.matches.push(match)
    return match
  }

  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    this.calls.push(call)
    return { kind: 'value', value: `${call.name} of ${this.version}` }
  }

  usage(): CallUsage {
    return this.callUsage
  }

  retire(): void {
    this.retired++
  }
}

/** A language whose match modules are objects of the test; every bundle loads, unless the test says otherwise. */
export class FakeScriptLanguage implements ScriptLanguage {
  /** Match modules by name, for every version. */
  readonly games = new Map<string, Partial<MatchHandler>>([['game', {}]])
  /** Versions that were loaded, oldest first. */
  readonly loaded: FakeScripts[] = []
  onLoad: (bundle: ScriptBundle) => void = () => {}
  memoryBytes = 0
  closed = 0

  async load(bundle: ScriptBundle): Promise<LoadedScripts> {
    this.onLoad(bundle)
    const scripts = new FakeScripts(bundle.version, this.games)
    this.loaded.push(scripts)
    return scripts
  }

  close(): void {
    this.closed++
  }

  /** The version loaded last. */
  get newest(): FakeScripts {
    const newest = this.loaded.at(-1)
    if (newest === undefined) throw new Error('nothing was loaded')
    return newest
  }

  /** Every match that was made, of all versions. */
  get matches(): RecordingMatch[] {
    return this.loaded.flatMap(({ matches }) => matches)
  }
}
