import type { RoomId } from '../ids.ts'
import type { MatchHandler } from '../room/match-handler.ts'
import type { ScriptCall, ScriptManifest, ScriptOutcome } from '../room/room-host.ts'

/** Signals a room of the same host and returns its reply. @throws what the room throws */
export type SignalRoom = (roomId: RoomId, data: unknown) => unknown

/** A language that rooms, RPCs and hooks can be written in. Lives inside a room host. */
export interface ScriptEngine {
  /** Loads the entry script and finds the match modules. */
  load(signalRoom: SignalRoom): Promise<ScriptManifest>
  /** A handler with a state of its own. @throws when the module does not load or is no match module */
  createMatch(roomId: RoomId, module: string): MatchHandler
  /** Runs an RPC or a hook. Never throws. */
  invoke(call: ScriptCall): ScriptOutcome
  close(): void
}
