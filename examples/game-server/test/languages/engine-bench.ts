import { fileURLToPath } from 'node:url'
import { resolveConfig, type RoomId } from '@kaosnet/server'
import type { MatchHandler } from '../../../../packages/server/src/room/match-handler.ts'
import { HostStats } from '../../../../packages/server/src/host/host-stats.ts'
import type { ScriptCall, ScriptOutcome } from '../../../../packages/server/src/room/room-host.ts'
import { AllLanguages } from '../../../../packages/server/src/script/all-languages.ts'
import type { LoadedScripts } from '../../../../packages/server/src/script/loaded-scripts.ts'
import { LuaLanguage } from '../../../../packages/server/src/script/lua-language.ts'
import type {
  OutgoingRoomData,
  RoomView,
  ScriptServices,
} from '../../../../packages/server/src/script/script-services.ts'
import { ScriptSources } from '../../../../packages/server/src/script/script-sources.ts'
import { TypeScriptLanguage } from '../../../../packages/server/src/script/typescript/typescript-language.ts'
import { ManualClock } from '../../../../packages/server/src/testing/manual-clock.ts'
import {
  type RecordingLogger,
  recordingLogger,
} from '../../../../packages/server/src/testing/recording-logger.ts'
import { seededRandom } from '../../../../packages/server/src/testing/seeded-random.ts'

export type LanguageName = 'Lua' | 'TypeScript'

/** The server's own engine for a language, with the game loaded and the test in the place of the node. */
export interface EngineBench {
  readonly manifest: LoadedScripts
  readonly log: RecordingLogger
  /** What scripts sent to rooms, oldest first. */
  readonly sent: OutgoingRoomData[]
  /** What scripts find when they look for rooms. */
  readonly rooms: RoomView[]
  /** The test closes it, before the engine. */
  createRoom(): MatchHandler
  invoke(call: ScriptCall): Promise<ScriptOutcome>
  close(): void
}

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const luaDir = folder('../../lua')
const modulesDir = folder('../../typescript')
const ROOM_ID = 'room' as RoomId

/** @param env strings as `--env` gives them */
export async function openEngine(
  language: LanguageName,
  env: Readonly<Record<string, string>> = {},
): Promise<EngineBench> {
  const sent: OutgoingRoomData[] = []
  const rooms: RoomView[] = []
  const log = recordingLogger()
  const generous = { tickBudgetMs: 10_000, initBudgetMs: 10_000, joinBudgetMs: 10_000, loadBudgetMs: 10_000 }
  const parts = {
    config: resolveConfig({ options: { scripts: { env, ...generous } } }),
    clock: new ManualClock(),
    random: seededRandom(1),
    logger: log,
    stats: new HostStats(),
    services: fakeNode(sent, rooms),
  }
  const languages = new AllLanguages(new LuaLanguage(parts), new TypeScriptLanguage(parts))
  const scripts = await languages.load({
    version: 'v1',
    lua: language === 'Lua' ? ScriptSources.read(luaDir).files : undefined,
    modulesDir: language === 'TypeScript' ? modulesDir : undefined,
  })
  return {
    manifest: scripts,
    log,
    sent,
    rooms,
    createRoom: () => scripts.createMatch(ROOM_ID, 'arena', () => {}),
    invoke: (call) => scripts.invoke(call),
    close() {
      scripts.retire()
      languages.close()
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
    roomList: ({ module, hasSeat }) => ({
      rooms: rooms.filter(
        (room) => room.module === module && (hasSeat !== true || room.size < room.maxPlayers),
      ),
      cursor: undefined,
    }),
    roomSend: (_room, message) => void sent.push(message),
    roomKick: unused,
    roomSignal: unused,
    roomLabelUpdate: unused,
    roomReserve: unused,
    roomAccessUpdate: unused,
    roomPublishState: unused,
  }
}
