import type { RoomId, SessionId } from '../../ids.ts'
import type { Logger } from '../../observe/logger.ts'
import { checkedReservationMs } from '../../room/reservations.ts'
import type { ScriptServices } from '../script-services.ts'
import type { NodeApi, ScriptLog } from './node-api.ts'
import { outgoingMessage, sessionOf } from './outgoing.ts'

/** What is said of a kick without a reason. */
export const KICK_REASON = 'kicked'

/**
 * The node's services as game modules see them. Params and signals are copied, so that no two rooms share an object: it
 * is the same whether they run in one thread or not.
 */
export function createNodeApi(services: ScriptServices): NodeApi {
  return {
    sessions: {
      get: (sessionId) => services.sessionGet(sessionId as SessionId),
      kick: (sessionId, reason = KICK_REASON) => services.sessionKick(sessionId as SessionId, reason),
    },
    rooms: {
      create: (module, params = {}) => services.roomCreate(module, structuredClone(params)),
      get: (roomId) => services.roomGet(roomId as RoomId),
      list: (query = {}) => services.roomList(query).rooms,
      page: (query = {}) => services.roomList(query),
      send: (roomId, op, data, options) =>
        services.roomSend(roomId as RoomId, outgoingMessage(op, data, options, undefined)),
      kick: (roomId, member, reason = KICK_REASON) =>
        services.roomKick(roomId as RoomId, sessionOf(member), reason),
      reserve: (roomId, { for: receiver, durationMs } = {}) =>
        services.roomReserve(
          roomId as RoomId,
          receiver === undefined ? undefined : sessionOf(receiver),
          durationMs === undefined ? undefined : checkedReservationMs(durationMs),
        ),
      signal: (roomId, data) => services.roomSignal(roomId as RoomId, structuredClone(data)),
    },
  }
}

export function createScriptLog(logger: Logger): ScriptLog {
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  }
}
