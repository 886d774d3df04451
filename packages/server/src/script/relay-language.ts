import type { HostConfig } from '../config.ts'
import type { RoomId } from '../ids.ts'
import type { ScriptOutcome } from '../room/room-host.ts'
import type { CallUsage, LoadedScripts } from './loaded-scripts.ts'
import { RelayMatchHandler } from './relay-match-handler.ts'
import type { ScriptServices } from './script-services.ts'

/** The built-in module of relayed rooms; scripts cannot have a module of that name. */
export const RELAY_MODULE = 'kaos/relay'

export interface RelayLanguageParts {
  readonly config: Pick<HostConfig, 'rooms'>
  readonly services: Pick<ScriptServices, 'roomSend'>
}

/** What needs no script: relayed rooms, in every version of the scripts and without any. */
export class RelayLanguage {
  readonly #parts: RelayLanguageParts

  constructor(parts: RelayLanguageParts) {
    this.#parts = parts
  }

  /** undefined where relayed rooms are configured off. */
  load(version: string): LoadedScripts | undefined {
    return this.#parts.config.rooms.relay ? new RelayScripts(this.#parts, version) : undefined
  }
}

class RelayScripts implements LoadedScripts {
  readonly version: string
  readonly hasEntry = false
  readonly rpcs: ReadonlySet<string> = new Set()
  readonly before: LoadedScripts['before'] = new Set()
  readonly after: LoadedScripts['after'] = new Set()
  readonly modules: ReadonlySet<string> = new Set([RELAY_MODULE])
  readonly #parts: RelayLanguageParts

  constructor(parts: RelayLanguageParts, version: string) {
    this.#parts = parts
    this.version = version
  }

  createMatch(roomId: RoomId): RelayMatchHandler {
    const { config, services } = this.#parts
    const maxPlayersBound = config.rooms.maxPlayers
    return new RelayMatchHandler({ roomId, version: this.version, services, maxPlayersBound })
  }

  async invoke(): Promise<ScriptOutcome> {
    return { kind: 'failed', error: 'relayed rooms have no RPCs and no hooks', code: 'RPC_FAILED' }
  }

  usage(): CallUsage {
    return { vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 }
  }

  retire(): void {}
}
