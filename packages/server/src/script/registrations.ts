import type { LuaRef } from '@kaosnet/lua'
import type { HookName } from '../room/room-host.ts'

/** The functions an entry script has registered. */
export class Registrations {
  readonly rpcs = new Map<string, LuaRef>()
  readonly before = new Map<HookName, LuaRef>()
  readonly after = new Map<HookName, LuaRef>()
}
