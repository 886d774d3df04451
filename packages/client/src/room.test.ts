import {
  encodeMessagePack,
  encodeRoomData,
  encodeRoomState,
  encodeServerFrame,
  type LeaveReason,
} from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import type { Room } from './room.ts'
import { HANDLE, joinReply, member, outcome, ROOM_ID, World } from './testing/world.ts'

function data(op: number, bytes: number[], changes: { sender?: number; room?: number } = {}): Uint8Array {
  return encodeRoomData({
    room: HANDLE,
    isReliable: true,
    isMessagePack: false,
    op,
    sender: 0,
    data: new Uint8Array(bytes),
    ...changes,
  })
}

const presence = (joins: number[], leaves: number[] = [], reason: LeaveReason = 'left') =>
  encodeServerFrame('RoomPresence', {
    room: HANDLE,
    joins: joins.map((number) => member(number)),
    leaves: leaves.map((number) => ({ member: number, session: member(number).session, reason })),
  })

const state = (version: number, value: unknown) =>
  encodeRoomState({ room: HANDLE, isMessagePack: true, version, data: encodeMessagePack(value) })

/** A client in a room, and what the room reported since. */
async function inRoom(): Promise<{ world: World; client: Client; room: Room; seen: [string, unknown][] }> {
  const world = new World(new ManualClock())
  world.server.handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
  const client = await world.connected()
  const joining = client.joinRoom(ROOM_ID)
  await world.run(100)
  const room = await joining
  const seen: [string, unknown][] = []
  for (const name of ['data', 'state', 'joined', 'departed', 'closed'] as const) {
    room.on(name, (event) => seen.push([name, event]))
  }
  return { world, client, room, seen }
}

describe('joining a room', () => {
  it('gives the room as the server described it', async () => {
    const { world, room } = await inRoom()
    expect(world.server.connection.payloads('RoomJoin')).toMatchObject([{ room_id: ROOM_ID }])
    expect(room).toMatchObject({
      id: ROOM_ID,
      module: 'arena',
      label: 'duel',
      tickHz: 30,
      maxPlayers: 50,
      state: undefined,
      stateVersion: 0,
      closed: undefined,
    })
    expect(room.me).toEqual({
      member: 1,
      sessionId: '0000000000000001',
      userId: 'user-1',
      username: 'Ada',
      metadata: { colour: 1 },
      isAway: false,
    })
    expect([...room.members.keys()]).toEqual([1, 2])
    expect(room.members.get(1)).toBe(room.me)
  })

  it('loses nothing that shares a message with the reply: members, state, then data to listeners added after the await', async () => {
    const world = new World(new ManualClock())
    world.server.handlers.RoomJoin = ({ id }, connection) =>
      connection.send(joinReply(id), presence([3]), state(4, { round: 1 }), data(1, [1]), data(2, [2]))
    const client = await world.connected()
    const ops: number[] = []
    let membersAtJoin: number[] = []
    let stateAtJoin: unknown
    async function play(): Promise<void> {
      const room = await client.joinRoom(ROOM_ID)
      membersAtJoin = [...room.members.keys()]
      stateAtJoin = room.state
      room.on('data', ({ op }) => ops.push(op))
    }
    const playing = play()
    await world.run(100)
    await playing
    expect(membersAtJoin).toEqual([1, 2, 3])
    expect(stateAtJoin).toEqual({ round: 1 })
    expect(ops).toEqual([1, 2])
  })

  it('still reports closed to listeners added after the await when the room ended in the same message', async () => {
    const world = new World(new ManualClock())
    world.server.handlers.RoomJoin = ({ id }, connection) =>
      connection.send(
        joinReply(id),
        data(1, [1]),
        encodeServerFrame('RoomLeave', { id: 0, room: HANDLE, reason: 'room_closed' }),
      )
    const client = await world.connected()
    const seen: string[] = []
    const joining = client.joinRoom(ROOM_ID).then((room) => {
      room.on('closed', ({ reason }) => seen.push(reason))
      room.on('data', ({ op }) => seen.push(`data ${op}`))
    })
    await world.run(100)
    await joining
    expect(seen).toEqual(['data 1', 'room_closed'])
  })

  it('knows itself even when the first part of a long member list does not name it', async () => {
    const world = new World(new ManualClock())
    world.server.handlers.RoomJoin = ({ id }, connection) =>
      connection.send(joinReply(id, { member: 9, members: [member(2)] }), presence([3, 9]))
    const client = await world.connected()
    const joining = client.joinRoom(ROOM_ID, { metadata: { colour: 'red' } })
    await world.run(100)
    const room = await joining
    expect(room.me).toMatchObject({ member: 9, username: 'Ada', metadata: { colour: 'red' } })
    expect([...room.members.keys()].sort()).toEqual([2, 3, 9])
    expect(room.members.get(9)).toBe(room.me)
  })

  it('rejects with the server’s error', async () => {
    const world = new World(new ManualClock())
    world.server.handlers.RoomJoin = ({ id }, connection) => connection.sendError(id, 'ROOM_FULL')
    const client = await world.connected()
    const ended = outcome(client.joinRoom(ROOM_ID))
    await world.run(100)
    expect(ended.error).toMatchObject({ error: 'ROOM_FULL', code: 301, action: 'retry' })
  })

  it('leaves again when the join was called off but the server had let us in', async () => {
    const world = new World(new ManualClock())
    world.server.handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
    const client = await world.connected()
    const controller = new AbortController()
    const ended = outcome(client.joinRoom(ROOM_ID, { signal: controller.signal }))
    delete world.server.handlers.RoomLeave
    await world.run(15)
    controller.abort('changed my mind')
    await world.run(100)
    expect(ended.error).toBe('changed my mind')
    expect(world.server.connection.payloads('RoomLeave')).toMatchObject([{ room: HANDLE }])
    world.server.connection.drop()
    await world.run(20)
    expect(world.logged).toEqual([])
  })

  it('tells of a room that cannot be left again after a join that was called off', async () => {
    const world = new World(new ManualClock())
    world.server.handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
    world.server.handlers.RoomLeave = ({ id }, connection) => connection.sendError(id, 'INTERNAL')
    const client = await world.connected()
    const ended = outcome(client.joinRoom(ROOM_ID, { timeoutMs: 15 }))
    await world.run(100)
    expect(ended.error).toMatchObject({ error: 'REQUEST_TIMEOUT' })
    expect(world.logged).toMatchObject([{ error: 'INTERNAL' }])
  })
})

describe('room data', () => {
  it('arrives with op, bytes, sender and reliability', async () => {
    const { world, room, seen } = await inRoom()
    world.server.connection.send(data(513, [1, 2], { sender: 2 }))
    await world.run(10)
    expect(seen).toEqual([
      [
        'data',
        {
          op: 513,
          data: new Uint8Array([1, 2]),
          sender: room.members.get(2),
          senderMember: 2,
          isReliable: true,
        },
      ],
    ])
  })

  it('arrives as the value that was sent when it is MessagePack', async () => {
    const { world, seen } = await inRoom()
    const value = { score: [1, 2.5, 'x'], ok: true }
    const frame = encodeRoomData({
      room: HANDLE,
      isReliable: false,
      isMessagePack: true,
      op: 1,
      sender: 0,
      data: encodeMessagePack(value),
    })
    world.server.connection.send(frame)
    await world.run(10)
    expect(seen[0]![1]).toMatchObject({ data: value, sender: undefined, senderMember: 0, isReliable: false })
  })

  it('is sent as bytes, reliably, on the lane of the room', async () => {
    const { world, room } = await inRoom()
    expect(room.send(7, new Uint8Array([1, 2]))).toBe(true)
    await world.run(10)
    expect(world.server.connection.received.at(-1)).toMatchObject({
      name: 'RoomData',
      delivery: 'reliable',
      lane: HANDLE,
      payload: { room: HANDLE, op: 7, isReliable: true, isMessagePack: false, sender: 0 },
    })
  })

  it('is sent as a value, and unreliably, when asked to', async () => {
    const { world, room } = await inRoom()
    room.send(8, { x: 1 }, { reliable: false })
    await world.run(10)
    const frame = world.server.connection.received.at(-1)
    expect(frame).toMatchObject({
      delivery: 'unreliable',
      payload: { isReliable: false, isMessagePack: true, data: encodeMessagePack({ x: 1 }) },
    })
  })

  it('refuses an op or a value that cannot be sent, before anything leaves', async () => {
    const { world, room } = await inRoom()
    const before = world.server.connection.received.length
    for (const op of [-1, 65_536, 1.5, Number.NaN]) {
      expect(() => room.send(op)).toThrowError(expect.objectContaining({ error: 'INVALID_PAYLOAD' }))
    }
    expect(() => room.send(1, () => {})).toThrowError(expect.objectContaining({ error: 'INVALID_PAYLOAD' }))
    expect(room.send(1, new Uint8Array(65_528))).toBe(true)
    expect(() => room.send(1, new Uint8Array(65_529))).toThrowError(
      expect.objectContaining({ error: 'PAYLOAD_TOO_LARGE' }),
    )
    await world.run(10)
    expect(world.server.connection.received).toHaveLength(before + 1)
  })

  it('tells when the network takes nothing: false for unreliable data, RATE_LIMITED for reliable', async () => {
    const { world, room } = await inRoom()
    world.server.connection.isWritable = false
    expect(room.send(1, null, { reliable: false })).toBe(false)
    expect(() => room.send(1)).toThrowError(expect.objectContaining({ error: 'RATE_LIMITED' }))
  })

  it('passes over frames of rooms we are not in', async () => {
    const { world, seen } = await inRoom()
    world.server.connection.send(data(1, [1], { room: HANDLE + 1 }))
    await world.run(10)
    expect(seen).toEqual([])
    expect(world.logged).toEqual([])
  })
})

describe('members and state', () => {
  it('follows who joins and who departs, with reasons', async () => {
    const { world, room, seen } = await inRoom()
    world.server.connection.send(presence([3, 4]))
    world.server.connection.send(presence([], [2, 99], 'kicked'))
    await world.run(10)
    expect([...room.members.keys()]).toEqual([1, 3, 4])
    expect(seen).toEqual([
      ['joined', [expect.objectContaining({ member: 3 }), expect.objectContaining({ member: 4 })]],
      ['departed', [expect.objectContaining({ member: 2, username: 'player-2', reason: 'kicked' })]],
    ])
  })

  it('does not report members twice', async () => {
    const { world, seen } = await inRoom()
    world.server.connection.send(presence([1, 2]))
    await world.run(10)
    expect(seen).toEqual([])
  })

  it('keeps the newest state and reports each', async () => {
    const { world, room, seen } = await inRoom()
    world.server.connection.send(state(1, { round: 1 }), state(2, { round: 2 }))
    await world.run(10)
    expect(seen).toEqual([
      ['state', { state: { round: 1 }, version: 1 }],
      ['state', { state: { round: 2 }, version: 2 }],
    ])
    expect(room.state).toEqual({ round: 2 })
    expect(room.stateVersion).toBe(2)
  })

  it('reports data that cannot be decoded as an error of the client, and the room lives on', async () => {
    const { world, client, seen } = await inRoom()
    const errors: unknown[] = []
    client.on('error', (event) => errors.push(event))
    const broken = encodeRoomState({
      room: HANDLE,
      isMessagePack: true,
      version: 1,
      data: new Uint8Array([0xc1]),
    })
    world.server.connection.send(broken, data(1, [1]))
    await world.run(10)
    expect(errors).toEqual([
      { error: expect.objectContaining({ error: 'INVALID_MESSAGEPACK' }), op: 'RoomState' },
    ])
    expect(seen.map(([name]) => name)).toEqual(['data'])
  })
})

describe('the end of a room', () => {
  it('leave() resolves when the server confirms, reports closed, and may be called again', async () => {
    const { world, room, seen } = await inRoom()
    const leaving = room.leave()
    expect(room.leave()).toBe(leaving)
    expect(() => room.send(1)).toThrowError(expect.objectContaining({ error: 'ROOM_NOT_JOINED' }))
    await world.run(20)
    await leaving
    await room.leave()
    expect(room.closed).toEqual({ reason: 'left', message: undefined, error: undefined })
    expect(seen).toEqual([['closed', room.closed]])
    const leaves = world.server.connection.received.filter(({ name }) => name === 'RoomLeave')
    expect(leaves).toMatchObject([{ lane: HANDLE, delivery: 'reliable' }])
  })

  it('tells the reason, the message and the error when the server ends it', async () => {
    const { world, room, seen } = await inRoom()
    world.server.connection.send(
      encodeServerFrame('RoomLeave', {
        id: 0,
        room: HANDLE,
        reason: 'kicked',
        code: 311,
        message: 'no cheating',
      }),
      data(1, [1]),
    )
    await world.run(10)
    expect(seen).toEqual([
      [
        'closed',
        {
          reason: 'kicked',
          message: 'no cheating',
          error: expect.objectContaining({ error: 'ROOM_KICKED' }),
        },
      ],
    ])
    expect(() => room.send(1)).toThrowError(
      expect.objectContaining({ error: 'ROOM_NOT_JOINED', message: expect.stringContaining('kicked') }),
    )
    await room.leave()
  })

  it('leave() succeeds when the room ends by itself meanwhile, although the server then refuses', async () => {
    const { world, room } = await inRoom()
    world.server.handlers.RoomLeave = ({ id }, connection) => {
      connection.send(encodeServerFrame('RoomLeave', { id: 0, room: HANDLE, reason: 'room_closed' }))
      connection.sendError(id, 'ROOM_NOT_JOINED')
    }
    const ended = outcome(room.leave().then(() => 'left'))
    await world.run(20)
    expect(ended.value).toBe('left')
    expect(room.closed?.reason).toBe('room_closed')
  })

  it('leave() that is not answered rejects, leaves the room usable, and can be tried again', async () => {
    const { world, room } = await inRoom()
    const answer = world.server.handlers.RoomLeave!
    delete world.server.handlers.RoomLeave
    const ended = outcome(room.leave({ timeoutMs: 200 }))
    await world.run(300)
    expect(ended.error).toMatchObject({ error: 'REQUEST_TIMEOUT' })
    expect(room.closed).toBeUndefined()
    expect(room.send(1)).toBe(true)
    world.server.handlers.RoomLeave = answer
    const again = outcome(room.leave().then(() => 'left'))
    await world.run(20)
    expect(again.value).toBe('left')
  })

  it('closes as dropped when the connection is lost, with the error behind it', async () => {
    const { world, room, seen } = await inRoom()
    world.server.connection.drop()
    await world.run(15)
    expect(seen).toEqual([
      [
        'closed',
        {
          reason: 'dropped',
          message: expect.stringContaining('connection reset'),
          error: expect.objectContaining({ error: 'SESSION_TIMEOUT' }),
        },
      ],
    ])
    expect(() => room.send(1)).toThrowError(expect.objectContaining({ error: 'ROOM_NOT_JOINED' }))
  })

  it('closes as left when the client is closed', async () => {
    const { world, client, seen } = await inRoom()
    const closing = client.close()
    await world.run(20)
    await closing
    expect(seen).toEqual([['closed', { reason: 'left', message: undefined, error: undefined }]])
  })

  it('once() and off() work as on any emitter', async () => {
    const { world, room } = await inRoom()
    const ops: string[] = []
    const listener = ({ op }: { op: number }) => ops.push(`on ${op}`)
    room.once('data', ({ op }) => ops.push(`once ${op}`))
    room.on('data', listener)
    world.server.connection.send(data(1, []), data(2, []))
    await world.run(10)
    room.off('data', listener)
    world.server.connection.send(data(3, []))
    await world.run(10)
    expect(ops).toEqual(['once 1', 'on 1', 'on 2'])
  })
})
