import type { LuaValueLimits } from '../values/lua-value.ts'
import type { LuaClock } from './budget.ts'

/** The source of one module. */
export interface LuaModuleSource {
  readonly source: string
  /** Names the chunk in messages and tracebacks: `rooms/arena.lua`. */
  readonly chunkName: string
}

export interface LuaVmOptions {
  /** Names the VM in errors. */
  readonly name: string
  /** Bytes that the VM may hold, its libraries (about 16 KiB) included; 16 MiB unless told. */
  readonly memoryLimitBytes?: number
  /** Bounds on every value that crosses; see {@link LuaValueLimits} and `DEFAULT_VALUE_LIMITS`. */
  readonly valueLimits?: Partial<LuaValueLimits>
  readonly clock: LuaClock
  /** Seeds `math.random`: equal seeds give equal sequences. */
  readonly randomSeed: number | bigint
  /**
   * Finds what `require(name)` asks for, or nothing. Names arrive in one form, with slashes: `rooms/arena`.
   * An error it throws reaches the script with its message.
   */
  modules(name: string): LuaModuleSource | undefined
  /** Receives each `print`, without a line end; long texts are cut at 16 KiB. */
  onPrint(text: string): void
  /** Hears of host functions that fail by what looks like a bug; see {@link LuaHostFunction}. */
  onInternalError?(error: unknown, functionName: string): void
}
