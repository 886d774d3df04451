import type { RoomId, SessionId } from '../../ids.ts'
import type {
  NodeCalls,
  OutgoingRoomData,
  RoomListPage,
  RoomQuery,
  RoomView,
  SessionView,
} from '../../script/script-services.ts'

/** Calls a function of the node and waits for its answer. @throws what the node throws */
export type CallNode = (method: keyof NodeCalls, args: readonly unknown[]) => unknown

/** The node as scripts in a worker see it: every call waits for the node's thread, some tens of microseconds at best. */
export class RemoteNode implements NodeCalls {
  readonly #call: CallNode

  constructor(call: CallNode) {
    this.#call = call
  }

  sessionGet(id: SessionId): SessionView | undefined {
    return this.#call('sessionGet', [id]) as SessionView | undefined
  }

  sessionKick(id: SessionId, reason: string): boolean {
    return this.#call('sessionKick', [id, reason]) as boolean
  }

  roomCreate(module: string, params: unknown): RoomId {
    return this.#call('roomCreate', [module, params]) as RoomId
  }

  roomGet(id: RoomId): RoomView | undefined {
    return this.#call('roomGet', [id]) as RoomView | undefined
  }

  roomList(query: RoomQuery): RoomListPage {
    return this.#call('roomList', [query]) as RoomListPage
  }

  roomSend(id: RoomId, message: OutgoingRoomData): void {
    this.#call('roomSend', [id, message])
  }

  roomKick(id: RoomId, session: SessionId, reason: string): boolean {
    return this.#call('roomKick', [id, session, reason]) as boolean
  }

  roomReserve(id: RoomId, session: SessionId | undefined, durationMs: number | undefined): string {
    return this.#call('roomReserve', [id, session, durationMs]) as string
  }

  roomSignal(id: RoomId, data: unknown): unknown {
    return this.#call('roomSignal', [id, data])
  }
}
