import type { LuaKey, LuaRuntime } from '@kaosnet/lua'

/** The field names written every tick, kept in Lua's memory. */
export interface LuaMatchKeys {
  readonly time: LuaKey
  readonly sender: LuaKey
  readonly op: LuaKey
  readonly data: LuaKey
  readonly reliable: LuaKey
  readonly reason: LuaKey
  /** Of the context, as {@link TickField} counts them. */
  readonly tickFields: readonly LuaKey[]
}

export const TickField = { time: 0, tick: 1, dt: 2, skipped: 3 } as const

export function luaMatchKeys(runtime: LuaRuntime): LuaMatchKeys {
  return {
    time: runtime.key('time'),
    sender: runtime.key('sender'),
    op: runtime.key('op'),
    data: runtime.key('data'),
    reliable: runtime.key('reliable'),
    reason: runtime.key('reason'),
    tickFields: ['time', 'tick', 'dt', 'skipped'].map((name) => runtime.key(name)),
  }
}
