import type { RoomId } from '../ids.ts'
import type { NodeCalls, RoomListPage } from '../script/script-services.ts'

export interface RecordingNode extends NodeCalls {
  /** One line per call, with its arguments, oldest first. */
  readonly asked: string[]
}

/** A node that notes what scripts ask of it, and answers what the test says, or that there is nothing. */
export function recordingNode(answers: Partial<NodeCalls> = {}): RecordingNode {
  const asked: string[] = []
  const note = (call: string, ...details: unknown[]): void => {
    asked.push([call, ...details.map((detail) => JSON.stringify(detail))].join(' '))
  }
  return {
    asked,
    sessionGet(id) {
      note('sessionGet', id)
      return answers.sessionGet?.(id)
    },
    sessionKick(id, reason) {
      note('sessionKick', id, reason)
      return answers.sessionKick?.(id, reason) ?? false
    },
    roomCreate(module, params) {
      note('roomCreate', module, params)
      return answers.roomCreate?.(module, params) ?? ('' as RoomId)
    },
    roomGet(id) {
      note('roomGet', id)
      return answers.roomGet?.(id)
    },
    roomList(query): RoomListPage {
      note('roomList', query)
      return answers.roomList?.(query) ?? { rooms: [], cursor: undefined }
    },
    roomSend(id, message) {
      note('roomSend', id, message.op)
      answers.roomSend?.(id, message)
    },
    roomKick(id, session, reason) {
      note('roomKick', id, session, reason)
      return answers.roomKick?.(id, session, reason) ?? false
    },
    roomReserve(id, session, durationMs) {
      note('roomReserve', id, session, durationMs)
      return answers.roomReserve?.(id, session, durationMs) ?? ''
    },
    roomSignal(id, data) {
      note('roomSignal', id, data)
      return answers.roomSignal?.(id, data)
    },
  }
}
