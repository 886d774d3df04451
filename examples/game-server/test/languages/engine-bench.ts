import { fileURLToPath } from 'node:url'
import { resolveConfig, type RoomId } from '@kaosnet/server'
import type { MatchHandler, MatchInit } from '../../../../packages/server/src/room/match-handler.ts'
import type {
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from '../../../../packages/server/src/room/room-host.ts'
import { LuaScriptEngine } from '../../../../packages/server/src/script/lua-script-engine.ts'
import type {
  OutgoingRoomData,
  RoomView,
  ScriptServices,
} from '../../../../packages/server/src/script/script-services.ts'
import { TypeScriptEngine } from '../../../../packages/server/src/script/typescript/typescript-engine.ts'
import { ManualClock } from '../../../../packages/server/src/testing/manual-clock.ts'
import {
  type RecordingLogger,
  recordingLogger,
} from '../../../../packages/server/src/testing/recording-logger.ts'
import { seededRandom } from '../../../../packages/server/src/testing/seeded-random.ts'
import { testMetrics } from '../../../../packages/server/src/testing/test-metrics.ts'

export type LanguageName = 'Lua' | 'TypeScript'

/** A room's game, as the server drives it in every language. */
export type RoomHandler = Omit<MatchHandler, 'init'> & {
  init(params: unknown): MatchInit | Promise<MatchInit>
}

/** The server's own engine for a language, with the game loaded and the test in the place of the node. */
export interface EngineBench {
  readonly manifest: ScriptManifest
  readonly log: RecordingLogger
  /** What scripts sent to rooms, oldest first. */
  readonly sent: OutgoingRoomData[]
  /** What scripts find when they look for rooms. */
  readonly rooms: RoomView[]
  /** The test closes it, before the engine. */
  createRoom(): RoomHandler
  invoke(call: ScriptCall): ScriptOutcome | Promise<ScriptOutcome>
  close(): void
}

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const luaDir = folder('../../lua')
const modulesDir = folder('../../modules')
const ROOM_ID = 'room' as RoomId

/** @param env strings as `--env` gives them */
export async function openEngine(
  language: LanguageName,
  env: Readonly<Record<string, string>> = {},
): Promise<EngineBench> {
  const sent: OutgoingRoomData[] = []
  const rooms: RoomView[] = []
  const log = recordingLogger()
  const metrics = testMetrics()
  const parts = {
    config: resolveConfig({
      options: { scripts: { dir: luaDir, env, tickBudgetMs: 10_000, callBudgetMs: 10_000 } },
    }),
    clock: new ManualClock(),
    random: seededRandom(1),
    logger: log,
    metrics,
    services: fakeNode(sent, rooms),
  }
  const engine =
    language === 'Lua' ? new LuaScriptEngine(parts) : new TypeScriptEngine({ ...parts, modulesDir })
  const manifest = await engine.load(() => undefined)
  return {
    manifest,
    log,
    sent,
    rooms,
    createRoom: () => engine.createMatch(ROOM_ID, 'arena'),
    invoke: (call) => engine.invoke(call),
    close() {
      engine.close()
      metrics.close()
    },
  }
}

function fakeNode(sent: OutgoingRoomData[], rooms: RoomView[]): ScriptServices {
  const unused = (): never => {
    throw new Error('the arena does not use this')
  }
  return {
    sessionGet: unused,
    sessionKick: unused,
    roomCreate: (module) => `new ${module}` as RoomId,
    roomGet: unused,
    roomList: ({ module, hasSeat }) =>
      rooms.filter((room) => room.module === module && (hasSeat !== true || room.size < room.maxPlayers)),
    roomSend: (_room, message) => void sent.push(message),
    roomKick: unused,
    roomLabelUpdate: unused,
    roomPublishState: unused,
  }
}
