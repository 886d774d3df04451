import { KaosError } from '@kaosnet/protocol'
import type { RoomId } from '../ids.ts'
import type { OutgoingRoomData, RoomView, ScriptServices, SessionView } from '../script/script-services.ts'

export interface RecordingServices extends ScriptServices {
  /** One line per call that changes something, e.g. `kick 0000000000000001 spam`; oldest first. */
  readonly calls: string[]
  /** What rooms sent, oldest first. */
  readonly sent: OutgoingRoomData[]
  /** States that rooms published. */
  readonly published: { readonly data: Uint8Array; readonly isMessagePack: boolean }[]
  /** Params of created rooms. */
  readonly params: unknown[]
  readonly sessions: Map<string, SessionView>
  readonly rooms: Map<string, RoomView>
  /** Answers signals. */
  onSignal: (roomId: RoomId, data: unknown) => unknown
}

/** A node that notes what scripts ask of it. It has the sessions and rooms that the test puts in. */
export function recordingServices(): RecordingServices {
  const calls: string[] = []
  const sent: OutgoingRoomData[] = []
  const published: { data: Uint8Array; isMessagePack: boolean }[] = []
  const params: unknown[] = []
  const sessions = new Map<string, SessionView>()
  const rooms = new Map<string, RoomView>()
  return {
    calls,
    sent,
    published,
    params,
    sessions,
    rooms,
    onSignal: () => undefined,
    roomSignal(id, data) {
      return this.onSignal(id, data)
    },
    sessionGet: (id) => sessions.get(id),
    sessionKick(id, reason) {
      calls.push(`kick ${id} ${reason}`)
      return sessions.has(id)
    },
    roomCreate(module, roomParams) {
      if (module === 'none') throw new KaosError('ROOM_MODULE_NOT_FOUND')
      calls.push(`create ${module}`)
      params.push(roomParams)
      return `00000000-0000-4000-8000-00000000010${params.length}` as RoomId
    },
    roomGet: (id) => rooms.get(id),
    roomList(query) {
      calls.push(`list ${JSON.stringify(query)}`)
      return { rooms: [...rooms.values()], cursor: undefined }
    },
    roomSend(id, message) {
      calls.push(`send ${message.op} to ${id.slice(-3)}`)
      sent.push(message)
    },
    roomKick(id, session, reason) {
      calls.push(`kick ${session} of ${id.slice(-3)} ${reason}`)
      return true
    },
    roomReserve(id, session, durationMs) {
      calls.push(`reserve ${id.slice(-3)} for ${session ?? 'anybody'}, ${durationMs ?? 'default'} ms`)
      return `reservation-${calls.length}`
    },
    roomAccessUpdate(id, access) {
      calls.push(`access ${id.slice(-3)} ${JSON.stringify(access)}`)
    },
    roomLabelUpdate(id, label) {
      calls.push(`label ${id.slice(-3)} ${label}`)
    },
    roomPublishState(_id, data, isMessagePack) {
      published.push({ data, isMessagePack })
    },
  }
}
