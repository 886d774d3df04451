import { encodeRoomData, encodeRoomState } from '@kaosnet/protocol'
import type { MemberNumber, SessionId } from '../ids.ts'
import type { OutgoingRoomData } from '../script/script-services.ts'
import type { RoomMembers } from './room-members.ts'

/** Where a room's frames go. */
export interface FrameSink {
  /** A RoomData frame for these members; undefined = all. */
  data(frame: Uint8Array, isReliable: boolean, receivers: readonly MemberNumber[] | undefined): void
  /** A RoomState frame for all, and for whoever joins later. */
  state(frame: Uint8Array): void
}

/** Encodes what a room's script sends, once for all its receivers. */
export class RoomOutbox {
  readonly #members: RoomMembers
  readonly #sink: FrameSink
  #stateVersion = 0

  constructor(members: RoomMembers, sink: FrameSink) {
    this.#members = members
    this.#sink = sink
  }

  /** Sessions that are no members are ignored. @throws {KaosError} PAYLOAD_TOO_LARGE */
  send(message: OutgoingRoomData): void {
    const sender = message.sender === undefined ? 0 : (this.#members.numberOf(message.sender) ?? 0)
    const frame = encodeRoomData({
      room: 0,
      isReliable: message.isReliable,
      isMessagePack: message.isMessagePack,
      op: message.op,
      sender,
      data: message.data,
    })
    const receivers = this.#numbersOf(message.receivers)
    if ((receivers?.length ?? this.#members.size) > 0) this.#sink.data(frame, message.isReliable, receivers)
  }

  /** @throws {KaosError} PAYLOAD_TOO_LARGE */
  publishState(data: Uint8Array, isMessagePack: boolean): void {
    const version = (this.#stateVersion + 1) >>> 0
    const frame = encodeRoomState({ room: 0, isMessagePack, version, data })
    this.#stateVersion = version
    this.#sink.state(frame)
  }

  #numbersOf(sessions: readonly SessionId[] | undefined): MemberNumber[] | undefined {
    if (sessions === undefined) return undefined
    const numbers: MemberNumber[] = []
    for (const session of sessions) {
      const number = this.#members.numberOf(session)
      if (number !== undefined) numbers.push(number)
    }
    return numbers
  }
}
