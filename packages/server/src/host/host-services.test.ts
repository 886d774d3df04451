import type { KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import type { RoomId, SessionId } from '../ids.ts'
import type { NodeCalls, OutgoingRoomData, RoomView, SessionView } from '../script/script-services.ts'
import { type RecordingNode, recordingNode } from '../testing/fake-node-calls.ts'
import { player, type RoomWorld, roomWorld } from '../testing/room-world.ts'
import { HostServices } from './host-services.ts'

const OTHER = '99999999-0000-4000-8000-000000000000' as RoomId
const SESSION = player(1).sessionId
const message: OutgoingRoomData = {
  op: 9,
  data: new Uint8Array([1]),
  isMessagePack: false,
  isReliable: true,
  sender: undefined,
  receivers: undefined,
}

interface World {
  readonly services: HostServices
  /** A room of this host, with member 1. */
  readonly own: RoomWorld
  readonly node: RecordingNode
}

function world(answers: Partial<NodeCalls> = {}): World {
  const node = recordingNode(answers)
  const services = new HostServices(node)
  const own = roomWorld({ signal: (data) => `own ${String(data)}` })
  own.room.join(player(1))
  own.story.length = 0
  services.rooms.set(own.room.id, own.room)
  return { services, own, node }
}

function kaosError(error: KaosError['error']): unknown {
  return expect.objectContaining({ error })
}

describe('scripts that act on rooms of their own host', () => {
  it('do it there, without a word to the node', () => {
    const { services, own, node } = world()
    const { id } = own.room
    services.roomSend(id, message)
    services.roomPublishState(id, new Uint8Array([1]), true)
    services.roomLabelUpdate(id, 'new')
    expect(services.roomKick(id, SESSION, 'cheating')).toBe(true)
    expect(services.roomSignal(id, 'ping')).toBe('own ping')
    expect(services.roomGet(id)).toMatchObject({ roomId: id, label: 'new', size: 1 })
    expect(own.story.map((line) => line.replace(/^(data|state) \d+/, '$1'))).toEqual([
      'data reliable to all',
      'state',
      'label new',
      'kicked 1: cheating',
      'signal ping',
    ])
    expect(node.asked).toEqual([])
  })

  it('do not ask the node about somebody who is no member', () => {
    const { services, own, node } = world({ roomKick: () => true })
    expect(services.roomKick(own.room.id, 'ffffffffffffffff' as SessionId, '')).toBe(false)
    expect(node.asked).toEqual([])
  })

  it('are told what the room makes of it', () => {
    const { services, own } = world()
    const tooLarge = { ...message, data: new Uint8Array(65_530) }
    expect(() => services.roomSend(own.room.id, tooLarge)).toThrow(kaosError('PAYLOAD_TOO_LARGE'))
    own.room.close()
    expect(() => services.roomSignal(own.room.id, 'ping')).toThrow(kaosError('ROOM_CLOSED'))
  })
})

describe('scripts that act on rooms of other hosts', () => {
  it('ask the node, and are given its answers', () => {
    const view = { roomId: OTHER, module: 'game' } as RoomView
    const { services, own, node } = world({
      roomGet: () => view,
      roomKick: () => true,
      roomSignal: (_, data) => `node ${String(data)}`,
    })
    services.roomSend(OTHER, message)
    expect(services.roomGet(OTHER)).toBe(view)
    expect(services.roomKick(OTHER, SESSION, 'cheating')).toBe(true)
    expect(services.roomSignal(OTHER, 'ping')).toBe('node ping')
    expect(node.asked).toEqual([
      `roomSend "${OTHER}" 9`,
      `roomGet "${OTHER}"`,
      `roomKick "${OTHER}" "${SESSION}" "cheating"`,
      `roomSignal "${OTHER}" "ping"`,
    ])
    expect(own.story).toEqual([])
  })

  it('ask the node about a room of this host once it is gone', () => {
    const { services, own, node } = world()
    services.rooms.delete(own.room.id)
    expect(services.roomGet(own.room.id)).toBeUndefined()
    expect(node.asked).toEqual([`roomGet "${own.room.id}"`])
  })

  it('may neither label them nor publish their state', () => {
    const { services, node } = world()
    expect(() => services.roomLabelUpdate(OTHER, 'x')).toThrow(kaosError('ROOM_NOT_FOUND'))
    expect(() => services.roomPublishState(OTHER, new Uint8Array(), false)).toThrow(
      kaosError('ROOM_NOT_FOUND'),
    )
    expect(node.asked).toEqual([])
  })
})

describe('scripts that ask about sessions, or for rooms', () => {
  it('are answered by the node', () => {
    const session = { sessionId: SESSION, username: 'Ann' } as SessionView
    const { services, own, node } = world({
      sessionGet: () => session,
      sessionKick: () => true,
      roomCreate: () => OTHER,
      roomList: () => ({ rooms: [own.room.view()], cursor: 'more' }),
    })
    expect(services.sessionGet(SESSION)).toBe(session)
    expect(services.sessionKick(SESSION, 'bye')).toBe(true)
    expect(services.roomCreate('game', { map: 'dust' })).toBe(OTHER)
    expect(services.roomList({ module: 'game' })).toEqual({ rooms: [own.room.view()], cursor: 'more' })
    expect(node.asked).toEqual([
      `sessionGet "${SESSION}"`,
      `sessionKick "${SESSION}" "bye"`,
      'roomCreate "game" {"map":"dust"}',
      'roomList {"module":"game"}',
    ])
  })
})
