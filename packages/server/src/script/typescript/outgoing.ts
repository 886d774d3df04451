import { encodeMessagePack, WireLimits } from '@kaosnet/protocol'
import type { MemberNumber, SessionId } from '../../ids.ts'
import type { OutgoingRoomData } from '../script-services.ts'
import type { Presence } from './presence.ts'
import type { Receiver, SendOptions } from './room-messages.ts'

/** Data as it goes to clients: bytes as they are, any other value as MessagePack. */
export function encodeOutgoing(data: unknown): { data: Uint8Array; isMessagePack: boolean } {
  if (data instanceof Uint8Array) return { data, isMessagePack: false }
  return { data: encodeMessagePack(data ?? null), isMessagePack: true }
}

/**
 * A message on its way to members of a room.
 * @param presences The members, for `except`; undefined when they are not known here.
 * @throws when the op is none or the data cannot be encoded
 */
export function outgoingMessage(
  op: number,
  data: unknown,
  options: SendOptions | undefined,
  presences: ReadonlyMap<MemberNumber, Presence> | undefined,
): OutgoingRoomData {
  if (!Number.isInteger(op) || op < 0 || op > WireLimits.roomOp) {
    throw new Error(`op is an integer from 0 to ${WireLimits.roomOp}, got ${op}`)
  }
  const { to, except, isReliable = true, sender } = options ?? {}
  const encoded = encodeOutgoing(data)
  return {
    op,
    data: encoded.data,
    isMessagePack: encoded.isMessagePack,
    isReliable,
    sender: sender === undefined ? undefined : sessionOf(sender),
    receivers: receiversOf(to, except, presences),
  }
}

export function sessionOf(receiver: Receiver): SessionId {
  return typeof receiver === 'string' ? receiver : receiver.sessionId
}

/** undefined = every member. */
function receiversOf(
  to: SendOptions['to'],
  except: SendOptions['except'],
  presences: ReadonlyMap<MemberNumber, Presence> | undefined,
): SessionId[] | undefined {
  if (except === undefined) return to === undefined ? undefined : sessionsOf(to)
  const excluded = new Set(sessionsOf(except))
  const all = to === undefined ? Array.from(presences?.values() ?? [], sessionOf) : sessionsOf(to)
  return all.filter((session) => !excluded.has(session))
}

function sessionsOf(receivers: Receiver | readonly Receiver[]): SessionId[] {
  return isList(receivers) ? receivers.map(sessionOf) : [sessionOf(receivers)]
}

function isList(receivers: Receiver | readonly Receiver[]): receivers is readonly Receiver[] {
  return Array.isArray(receivers)
}
