import {
  decodeRoomData,
  decodeRoomState,
  FrameReader,
  type KaosError,
  Op,
  type RoomData,
  type RoomState,
} from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import type { MemberNumber, SessionId } from '../ids.ts'
import type { OutgoingRoomData } from '../script/script-services.ts'
import { player } from '../testing/room-world.ts'
import { RoomMembers } from './room-members.ts'
import { RoomOutbox } from './room-outbox.ts'

const ANN = '000000000000000a' as SessionId
const BOB = '000000000000000b' as SessionId
const STRANGER = '000000000000000c' as SessionId

interface Sent {
  readonly message: RoomData
  readonly isReliable: boolean
  readonly receivers: readonly MemberNumber[] | undefined
}

interface World {
  readonly outbox: RoomOutbox
  readonly members: RoomMembers
  readonly sent: Sent[]
  readonly states: RoomState[]
}

function world(): World {
  const members = new RoomMembers()
  members.add({ ...player(1), sessionId: ANN })
  members.add({ ...player(2), sessionId: BOB })
  const sent: Sent[] = []
  const states: RoomState[] = []
  const outbox = new RoomOutbox(members, {
    data: (frame, isReliable, receivers) =>
      sent.push({ message: decodeRoomData(payloadOf(frame, Op.RoomData)), isReliable, receivers }),
    state: (frame) => states.push(decodeRoomState(payloadOf(frame, Op.RoomState))),
  })
  return { outbox, members, sent, states }
}

/** The payload of a frame that is the only one, and of this operation. */
function payloadOf(frame: Uint8Array, op: number): Uint8Array {
  const reader = new FrameReader()
  reader.reset(new Uint8Array(frame))
  expect([reader.next(), reader.op]).toEqual([true, op])
  const payload = reader.payload()
  expect(reader.next()).toBe(false)
  return payload
}

function data(options: Partial<OutgoingRoomData> = {}): OutgoingRoomData {
  return {
    op: 9,
    data: new Uint8Array([1, 2]),
    isMessagePack: false,
    isReliable: true,
    sender: undefined,
    receivers: undefined,
    ...options,
  }
}

function kaosError(error: KaosError['error']): unknown {
  return expect.objectContaining({ error })
}

describe('what a room sends', () => {
  it('goes nowhere when there is nobody, though what is wrong with it is said all the same', () => {
    const { outbox, members, sent } = world()
    members.clear()
    outbox.send(data())
    expect(() => outbox.send(data({ data: new Uint8Array(70_000) }))).toThrow(/at most|too large|bytes/)
    expect(sent).toEqual([])
  })

  it('is one frame for all when no receivers are named', () => {
    const { outbox, sent } = world()
    outbox.send(data())
    expect(sent).toEqual([
      {
        message: expect.objectContaining({ room: 0, op: 9, sender: 0, data: new Uint8Array([1, 2]) }),
        isReliable: true,
        receivers: undefined,
      },
    ])
  })

  it.each([
    { isReliable: true, isMessagePack: false },
    { isReliable: false, isMessagePack: true },
  ])('is as reliable, and of the form, that the script says: %j', (form) => {
    const { outbox, sent } = world()
    outbox.send(data(form))
    expect(sent).toEqual([
      { message: expect.objectContaining(form), isReliable: form.isReliable, receivers: undefined },
    ])
  })

  it('names its receivers by number, and passes over those who are no members', () => {
    const { outbox, sent } = world()
    outbox.send(data({ receivers: [BOB, STRANGER, ANN] }))
    outbox.send(data({ receivers: [STRANGER] }))
    outbox.send(data({ receivers: [] }))
    expect(sent.map(({ receivers }) => receivers)).toEqual([[2, 1]])
  })

  it('shows its sender if that is a member', () => {
    const { outbox, sent, members } = world()
    outbox.send(data({ sender: BOB }))
    outbox.send(data({ sender: STRANGER }))
    members.delete(2)
    outbox.send(data({ sender: BOB }))
    expect(sent.map(({ message }) => message.sender)).toEqual([2, 0, 0])
  })

  it('is refused when it is too large, and nothing is sent', () => {
    const { outbox, sent } = world()
    expect(() => outbox.send(data({ data: new Uint8Array(65_530) }))).toThrow(kaosError('PAYLOAD_TOO_LARGE'))
    expect(sent).toEqual([])
  })
})

describe('the state that a room publishes', () => {
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

  it('has a version that counts up from 1', () => {
    const { outbox, states } = world()
    outbox.publishState(bytes('one'), false)
    outbox.publishState(bytes('two'), true)
    expect(states).toEqual([
      { room: 0, isMessagePack: false, version: 1, data: bytes('one') },
      { room: 0, isMessagePack: true, version: 2, data: bytes('two') },
    ])
  })

  it('is refused when it is too large, and that takes no version', () => {
    const { outbox, states } = world()
    outbox.publishState(bytes('good'), false)
    expect(() => outbox.publishState(new Uint8Array(65_530), false)).toThrow(kaosError('PAYLOAD_TOO_LARGE'))
    outbox.publishState(bytes('next'), false)
    expect(states.map(({ version }) => version)).toEqual([1, 2])
  })

  it('counts versions for each room by itself', () => {
    const [one, other] = [world(), world()]
    one.outbox.publishState(bytes('a'), false)
    other.outbox.publishState(bytes('b'), false)
    expect([one.states[0]?.version, other.states[0]?.version]).toEqual([1, 1])
  })
})
