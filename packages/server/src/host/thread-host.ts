import type { Clock } from '../clock.ts'
import type { HostConfig } from '../config.ts'
import type { Logger } from '../observe/logger.ts'
import type { Random } from '../random.ts'
import { AllLanguages } from '../script/all-languages.ts'
import { LuaLanguage } from '../script/lua-language.ts'
import { RelayLanguage } from '../script/relay-language.ts'
import type { NodeCalls } from '../script/script-services.ts'
import { TypeScriptLanguage } from '../script/typescript/typescript-language.ts'
import { HostServices } from './host-services.ts'
import { HostStats } from './host-stats.ts'
import { LocalRoomHost } from './local-room-host.ts'

export interface HostThreadParts {
  /** Its number among the hosts of the server. */
  readonly index: number
  readonly config: HostConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** What scripts ask of the node. */
  readonly node: NodeCalls
}

/** Everything that runs rooms and scripts in one thread, be it the node's own or a worker. */
export function createThreadHost(parts: HostThreadParts): LocalRoomHost {
  const { index, config, clock, random, logger, node } = parts
  const stats = new HostStats()
  const services = new HostServices(node)
  const scripting = { config, clock, random, logger, stats, services }
  const language = new AllLanguages(
    new LuaLanguage(scripting),
    new TypeScriptLanguage(scripting),
    new RelayLanguage(scripting),
  )
  return new LocalRoomHost({ index, config, clock, logger, stats, services, language })
}
