export type { LeaveReason } from '@kaosnet/protocol'
export type { MemberNumber, RoomId, SessionId } from '../../ids.ts'
export type { RoomListPage, RoomQuery, RoomView, SessionView } from '../script-services.ts'
export type { HookMessages, HookResults } from './hook-messages.ts'
export type { NodeApi, RoomsApi, ScriptLog, SessionsApi } from './node-api.ts'
export type { Presence } from './presence.ts'
export { seededRandom } from './random-numbers.ts'
export { type Rejection, reject } from './rejection.ts'
export type { RoomContext } from './room-context.ts'
export {
  defineRoom,
  type JoinAnswer,
  type RoomCallbacks,
  type RoomDefinition,
  type RoomSetup,
} from './room-definition.ts'
export {
  type MessageTypes,
  messageTypes,
  type Parser,
  type Receiver,
  type Receives,
  type RoomMessage,
  type SendOptions,
} from './room-messages.ts'
export {
  type AfterHook,
  type BeforeHook,
  type CallContext,
  defineScripts,
  type RpcHandler,
  rpc,
  type Scripts,
  type ScriptsDefinition,
} from './scripts-definition.ts'
