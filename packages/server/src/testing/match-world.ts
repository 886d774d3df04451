import { encodeMessagePack } from '@kaosnet/protocol'
import type { SessionId } from '../ids.ts'
import type { HandedOver, MatchHandler, QueuedInput, TickInfo } from '../room/match-handler.ts'
import type { MemberInfo } from '../room/room-host.ts'
import { createNodeApi, createScriptLog } from '../script/typescript/node-script-api.ts'
import { seededRandom } from '../script/typescript/random-numbers.ts'
import type { RoomDefinition } from '../script/typescript/room-definition.ts'
import { TypeScriptMatchHandler } from '../script/typescript/typescript-match-handler.ts'
import { ManualClock } from './manual-clock.ts'
import { ROOM_ID } from './module-world.ts'
import { type RecordingLogger, recordingLogger } from './recording-logger.ts'
import { type RecordingServices, recordingServices } from './recording-services.ts'

export interface MatchWorld {
  readonly handler: TypeScriptMatchHandler
  readonly services: RecordingServices
  readonly log: RecordingLogger
  readonly clock: ManualClock
  /** `member: message` of inputs that did not parse. */
  readonly invalid: string[]
}

/** A room's handler with no node behind it. */
export function world(definition: unknown, version = 'v1'): MatchWorld {
  const services = recordingServices()
  services.onSignal = (_id, data) => ({ heard: data })
  const log = recordingLogger()
  const clock = new ManualClock()
  const invalid: string[] = []
  const handler = new TypeScriptMatchHandler({
    definition: definition as RoomDefinition,
    roomId: ROOM_ID,
    module: 'arena',
    version,
    env: { region: 'eu' },
    clock,
    services,
    node: createNodeApi(services),
    log: createScriptLog(log),
    random: seededRandom(1),
    tickHz: 20,
    onInvalidInput: (member, message) => invalid.push(`${member}: ${message}`),
  })
  return { handler, services, log, clock, invalid }
}

/** One whose synchronous `init` has run. */
export function started(definition: unknown, version = 'v1', params: unknown = {}): MatchWorld {
  const made = world(definition, version)
  void made.handler.init(params)
  return made
}

export function member(number: number, metadata?: Readonly<Record<string, unknown>>): MemberInfo {
  const sessionId = number.toString(16).padStart(16, '0') as SessionId
  return { member: number, sessionId, userId: `user-${number}`, username: `player ${number}`, metadata }
}

/** What a room hands over when another version takes it from this one; `room` is what the room itself knows. */
export function handedOver(from: MatchHandler, room: Partial<HandedOver> = {}): HandedOver {
  return {
    version: from.version,
    params: {},
    label: '',
    tickHz: 20,
    tick: 0,
    members: [],
    ...from.exportState(),
    ...room,
  }
}

/** An input as MessagePack. */
export function value(from: number, op: number, data: unknown): QueuedInput {
  const bytes = encodeMessagePack(data)
  return { member: from, op, data: bytes, isReliable: true, isMessagePack: true, receivedUnixMs: 99.6 }
}

export function tick(number: number): TickInfo {
  return { tick: number, dtSeconds: 0.05, skipped: 0 }
}
