import { onTestFinished } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { SessionId } from '../ids.ts'
import type { CallerInfo, ScriptCall } from '../room/room-host.ts'
import type { LoadedScripts } from '../script/loaded-scripts.ts'
import { LuaLanguage } from '../script/lua-language.ts'
import type { SourceFiles } from '../script/script-sources.ts'
import type { Sources } from './module-world.ts'
import { type ScriptSurroundings, scriptSurroundings } from './script-surroundings.ts'

/** Lua scripts in a real runtime, with no node behind them and a clock that moves only when told to. */
export interface LuaWorld extends ScriptSurroundings {
  readonly language: LuaLanguage
  /** Path → source, of one version. */
  load(sources: Sources, version?: string): Promise<LoadedScripts>
}

export function luaWorld(config: ServerConfigInput = {}): LuaWorld {
  const { surroundings, parts } = scriptSurroundings(config)
  const language = new LuaLanguage(parts)
  onTestFinished(() => language.close())
  return {
    language,
    ...surroundings,
    load: (sources, version = 'v1') =>
      language.load({ version, lua: luaFiles(sources), modulesDir: undefined }),
  }
}

/** Sources as a bundle holds them. */
export function luaFiles(sources: Sources): SourceFiles {
  return Object.fromEntries(Object.entries(sources).map(([path, source]) => [path, { source }]))
}

export const caller: CallerInfo = {
  sessionId: '0000000000000001' as SessionId,
  userId: 'user-1',
  username: 'Ada',
  vars: { team: 'red' },
  isAuthenticated: true,
  clientAddress: '127.0.0.1',
  transport: 'websocket',
}

export function rpcCall(name: string, payload: unknown = null): ScriptCall {
  return { kind: 'rpc', name, caller, payload }
}
