import {
  decodeHeartbeat,
  decodeServerPayload,
  type Heartbeat,
  type KaosError,
  Op,
  opName,
  salvageRequestId,
  type ServerPayload,
} from '@kaosnet/protocol'
import { errorFromWire, internalError, sessionEnded, toKaosError } from './errors.ts'
import type { Matchmaking, TicketLink } from './matchmaking.ts'
import type { PendingRequests, ReplyName } from './requests.ts'
import type { RoomLink } from './room.ts'
import type { RoomTable } from './room-table.ts'
import type { SessionLanes } from './session-lanes.ts'

export interface FrameHandlersOptions {
  readonly requests: PendingRequests
  readonly rooms: RoomTable
  readonly matchmaking: Matchmaking
  readonly lanes: SessionLanes
  /** Takes back what was called off and has happened all the same. */
  readonly link: Pick<RoomLink, 'leaveRoom'> & Pick<TicketLink, 'removeTicket'>
  readonly onHeartbeat: (heartbeat: Heartbeat) => void
  readonly onSessionEnd: (error: KaosError) => void
  /** An error of the server's that answers no request, or an effect that could not be taken back. */
  readonly onError: (error: KaosError, op: number) => void
}

/** Every operation of the server, and who of a session's parts it is for. */
export class FrameHandlers {
  readonly #options: FrameHandlersOptions

  constructor(options: FrameHandlersOptions) {
    this.#options = options
  }

  /** @throws {KaosError} for a frame that makes no sense, unless it answers a request, which is told then */
  handle(op: number, payload: Uint8Array): void {
    const { lanes, link, matchmaking, onHeartbeat, requests, rooms } = this.#options
    // An operation that is not here is one of a newer server, and means nothing to us (docs/protocol.md#versions).
    switch (op) {
      case Op.RoomData:
      case Op.RoomState:
      case Op.RoomPresence:
        rooms.receive(op, payload)
        break
      case Op.RoomJoin:
        // The join was called off, but the server had let us in already.
        this.#settle('RoomJoin', payload, ({ room }) => this.#undo(link.leaveRoom(room, {})))
        break
      case Op.RoomLeave:
        this.#handleLeave(decodeServerPayload('RoomLeave', payload))
        break
      case Op.Heartbeat:
        onHeartbeat(decodeHeartbeat(payload))
        break
      case Op.SessionAck:
        lanes.handleAck(payload)
        break
      case Op.SessionStart:
      case Op.RoomCreate:
      case Op.RoomList:
      case Op.RpcResponse:
      case Op.MatchmakerRemove:
        this.#settle(opName(op) as ReplyName, payload)
        break
      case Op.MatchmakerAdd:
        // Nobody waits for it any more, so nobody would join the match.
        this.#settle('MatchmakerAdd', payload, ({ ticket }) => this.#undo(link.removeTicket(ticket, {})))
        break
      case Op.MatchmakerTicket:
        matchmaking.receiveTicket(decodeServerPayload('MatchmakerTicket', payload))
        break
      case Op.Party: {
        const reply = this.#decodeReply('Party', payload)
        if (reply === undefined) break
        matchmaking.receiveParty(reply)
        requests.settle('Party', reply)
        break
      }
      case Op.Error:
        this.#handleError(decodeServerPayload('Error', payload))
        break
      case Op.SessionEnd:
        this.#handleSessionEnd(decodeServerPayload('SessionEnd', payload))
        break
    }
  }

  /** Hands a reply to whoever waits for it; nobody may, after a timeout or an abort. */
  #settle<Name extends ReplyName>(
    name: Name,
    payload: Uint8Array,
    onUnwanted?: (reply: ServerPayload<Name>) => void,
  ): void {
    const reply = this.#decodeReply(name, payload)
    if (reply !== undefined && !this.#options.requests.settle(name, reply)) onUnwanted?.(reply)
  }

  /** @returns undefined when it makes no sense, and the request it answers has been told. */
  #decodeReply<Name extends ReplyName>(name: Name, payload: Uint8Array): ServerPayload<Name> | undefined {
    try {
      return decodeServerPayload(name, payload)
    } catch (error) {
      if (this.#options.requests.fail(salvageRequestId(payload), error)) return undefined
      throw error
    }
  }

  #handleLeave(reply: ServerPayload<'RoomLeave'>): void {
    const { room, reason, code, message } = reply
    const error = code === undefined || code === 0 ? undefined : errorFromWire(code, message)
    this.#options.rooms.close(room, { reason, message, error })
    this.#options.requests.settle('RoomLeave', reply)
  }

  #handleError(wire: ServerPayload<'Error'>): void {
    const error = errorFromWire(wire.code, wire.message, wire.details)
    // Data that was under way when a room ended comes back like this; `closed` has told all there is to tell.
    const isLateData = error.error === 'ROOM_CLOSED' && wire.op === Op.RoomData
    if (wire.id !== 0) this.#options.requests.fail(wire.id, error)
    else if (!isLateData) this.#options.onError(error, wire.op)
  }

  #handleSessionEnd({ code, reason, retry_after_ms }: ServerPayload<'SessionEnd'>): void {
    const details = retry_after_ms === undefined ? undefined : { retry_after_ms }
    this.#options.onSessionEnd(sessionEnded(code, reason, details))
  }

  /** What was called off has happened all the same, and is taken back. */
  #undo(done: Promise<void>): void {
    done.catch((thrown) => {
      const error = toKaosError(thrown, internalError)
      // A ticket that is over already needs no undoing.
      if (error.error !== 'TICKET_NOT_FOUND') this.#options.onError(error, 0)
    })
  }
}
