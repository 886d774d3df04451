import { decodeLaneCounts, encodeRoomData, encodeServerFrame, Op } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import type { FakeConnection } from '../testing/fake-connection.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { createTestLink, createTestPeer } from '../testing/test-session.ts'
import type { SessionLinkOptions } from './session-link.ts'

function world(options: Partial<SessionLinkOptions> = {}) {
  const clock = new ManualClock()
  const told: string[] = []
  const { peer, connection } = createTestPeer(clock)
  const link = createTestLink(peer, {
    observer: {
      errorSent: (code) => told.push(`error ${code}`),
      replayOverflowed: () => told.push('overflow'),
      frameUnsent: () => told.push('unsent'),
    },
    onOverflow: () => told.push('lost'),
    ...options,
  })
  return { clock, link, peer, connection, told }
}

const rpc = (id: number): Uint8Array => encodeServerFrame('RpcResponse', { id })
const data = (isReliable: boolean): Uint8Array =>
  encodeRoomData({ room: 3, isReliable, isMessagePack: false, op: 1, sender: 0, data: new Uint8Array(4) })
const leave = encodeServerFrame('RoomLeave', { id: 0, room: 3, reason: 'left' })
const join = encodeServerFrame('RoomPresence', { room: 3, joins: [], leaves: [] })
const ids = (connection: FakeConnection): number[] => connection.payloads('RpcResponse').map(({ id }) => id)

describe('a link whose connection is lost', () => {
  it('keeps what is sent reliably and drops the rest, which it counts', () => {
    const { clock, link, connection, told } = world()
    link.send(rpc(1))
    link.detach()
    link.send(rpc(2))
    link.send(data(false), 'unreliable', 3)
    expect([ids(connection), link.isAway, told]).toEqual([[1], true, ['unsent']])

    const next = createTestPeer(clock)
    link.attach(next.peer, new Map([[0, 1]]), () => next.peer.send(rpc(99)))
    link.send(rpc(3))
    expect([ids(next.connection), link.isAway, link.peer]).toEqual([[99, 2, 3], false, next.peer])
  })

  it('repeats only to whoever has all that it has let go of', () => {
    const { link } = world()
    link.send(rpc(1))
    link.send(rpc(2))
    link.handleAck(new Map([[0, 1]]))
    const can = [0, 1, 2, 3].map((count) => link.canReplay(new Map([[0, count]])))
    expect(can).toEqual([false, true, true, false])
  })

  it('is lost once more is kept than may be, which is told once', () => {
    const { link, told } = world({ replay: { maxBytes: 30, maxFrames: 100 } })
    link.detach()
    for (let id = 1; id <= 5; id++) link.send(rpc(id))
    expect([told, link.isResumable]).toEqual([['overflow', 'lost'], false])
  })

  it('is not lost by an overflow while there is a connection: the frames may have arrived', () => {
    const { link, told } = world({ replay: { maxBytes: 30, maxFrames: 100 } })
    for (let id = 1; id <= 5; id++) link.send(rpc(id))
    expect([told.includes('lost'), link.isResumable]).toEqual([false, true])
    expect(link.canReplay(new Map([[0, 5]]))).toBe(true)
    expect(link.canReplay(new Map([[0, 1]]))).toBe(false)
  })

  it('keeps nothing more for a client that never acknowledges: it could not resume anyway', () => {
    const { link, told } = world({ replay: { maxBytes: 30, maxFrames: 100 } })
    for (let id = 1; id <= 100; id++) link.send(rpc(id))
    expect([told, link.isResumable]).toEqual([['overflow', 'overflow', 'overflow', 'overflow'], false])
  })

  it('keeps nothing where resume is off', () => {
    const { link } = world({ replay: undefined })
    link.send(rpc(1))
    expect([link.isResumable, link.canReplay(new Map([[0, 1]]))]).toEqual([false, false])
  })
})

describe('what a link has received', () => {
  it('is acknowledged when asked for, by lane, reliably, and without being counted itself', () => {
    const { link, connection } = world()
    link.countReceived(Op.Rpc, rpc(1).subarray(3))
    link.countReceived(Op.Heartbeat, new Uint8Array(21))
    link.sendAck()
    link.sendAck()
    expect(connection.ops).toEqual(['SessionAck'])
    expect(decodeLaneCounts(connection.sent[0]?.payload ?? new Uint8Array())).toEqual(new Map([[0, 1]]))
    expect(connection.sent[0]).toMatchObject({ delivery: 'reliable', lane: 0 })
    expect(link.canReplay(new Map([[0, 0]]))).toBe(true)
  })

  it('is acknowledged by itself after 64 frames', () => {
    const { link, connection } = world()
    for (let count = 0; count < 63; count++) link.countReceived(Op.Rpc, new Uint8Array(1))
    expect(connection.ops).toEqual([])
    link.countReceived(Op.Rpc, new Uint8Array(1))
    expect(connection.ops).toEqual(['SessionAck'])
  })

  it('counts for a room from its join to its leave, whose end is confirmed when the client has it', () => {
    const { link, connection } = world()
    link.countReceived(Op.RoomData, data(true).subarray(3))
    expect([...link.received.keys()]).toEqual([0])
    link.send(joinReply(3), 'reliable', 3)
    link.send(join, 'reliable', 3)
    link.countReceived(Op.RoomData, data(true).subarray(3))
    expect(link.received.get(3)).toBe(1)
    link.send(leave, 'reliable', 3)
    expect([link.received.has(3), link.isLaneInUse(3)]).toEqual([false, true])
    link.handleAck(new Map([[3, 3]]))
    expect(link.isLaneInUse(3)).toBe(false)
    link.sendAck()
    expect(decodeLaneCounts(connection.sent.at(-1)?.payload ?? new Uint8Array())).toEqual(new Map([[3, 0]]))
  })
})

function joinReply(room: number): Uint8Array {
  return encodeServerFrame('RoomJoin', {
    id: 1,
    room_id: '7f9c24e8-3b12-4e0f-9a41-5d6c7b8a9e10',
    room,
    module: 'game',
    label: '',
    tick_hz: 10,
    max_players: 8,
    member: 1,
    members: [],
  })
}
