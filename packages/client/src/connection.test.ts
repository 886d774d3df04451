import { encodeFrame, encodeMessagePack, encodeServerFrame, Op } from '@kaosnet/protocol'
import { ManualClock, SeededRandom } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import type { ErrorEvent } from './client-events.ts'
import { HANDLE, joinReply, member, outcome, ROOM_ID, World } from './testing/world.ts'

async function connected() {
  const world = new World(new ManualClock(1_700_000_000_000))
  world.server.handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
  const client = await world.connected()
  const errors: ErrorEvent[] = []
  client.on('error', (event) => errors.push(event))
  return { world, client, errors }
}

const errorNames = (errors: readonly ErrorEvent[]) => errors.map(({ error, op }) => [error.error, op])

describe('what a server may send wrongly', () => {
  it('an operation of a newer server is passed over and the rest of the message is read', async () => {
    const { world, client, errors } = await connected()
    const answer = outcome(client.rpc('x'))
    const response = encodeServerFrame('RpcResponse', { id: 2, payload: 'ok' })
    world.server.connection.send(encodeFrame(0x7f, new Uint8Array(3)), response)
    await world.run(20)
    expect(errors).toEqual([])
    expect(answer.value).toBe('ok')
  })

  it('a broken reply rejects its own request instead of letting it time out', async () => {
    const { world, client, errors } = await connected()
    const answer = outcome(client.listRooms())
    world.server.connection.send(encodeFrame(Op.RoomList, encodeMessagePack({ id: 2, rooms: 'none' })))
    await world.run(20)
    expect(answer.error).toMatchObject({ error: 'INVALID_PAYLOAD' })
    expect(errors).toEqual([])
  })

  it('a broken frame that answers nobody is reported', async () => {
    const { world, errors } = await connected()
    world.server.connection.send(
      encodeFrame(Op.RoomList, encodeMessagePack({ id: 99, rooms: 'none' })),
      encodeFrame(Op.Heartbeat, new Uint8Array(3)),
      encodeFrame(Op.RoomPresence, new Uint8Array([0xc1])),
    )
    await world.run(20)
    expect(errorNames(errors)).toEqual([
      ['INVALID_PAYLOAD', 'RoomList'],
      ['INVALID_PAYLOAD', 'Heartbeat'],
      ['INVALID_MESSAGEPACK', 'RoomPresence'],
    ])
  })

  it('a message that ends inside a frame is reported; the frames before it and the next message count', async () => {
    const { world, client, errors } = await connected()
    const answers = [outcome(client.rpc('x')), outcome(client.rpc('y'))]
    world.server.connection.send(
      encodeServerFrame('RpcResponse', { id: 2, payload: 'before' }),
      new Uint8Array([Op.RoomData, 0xff, 0xff, 1]),
    )
    world.server.connection.send(encodeServerFrame('RpcResponse', { id: 3, payload: 'after' }))
    await world.run(20)
    expect(errorNames(errors)).toEqual([['TRUNCATED_FRAME', undefined]])
    expect(answers.map(({ value }) => value)).toEqual(['before', 'after'])
    expect(client.state).toBe('connected')
  })

  it('the refusal of data that was under way when its room ended is nobody’s concern', async () => {
    const { world, errors } = await connected()
    world.server.connection.sendError(0, 'ROOM_CLOSED', undefined, Op.RoomData)
    await world.run(20)
    expect(errors).toEqual([])
  })

  it('replies and errors that nobody waits for are passed over', async () => {
    const { world, client, errors } = await connected()
    world.server.connection.send(
      encodeServerFrame('RpcResponse', { id: 77 }),
      encodeServerFrame('RoomLeave', { id: 78, room: 9, reason: 'left' }),
      encodeServerFrame('RoomPresence', { room: 9, joins: [member(1)], leaves: [] }),
    )
    world.server.connection.sendError(79, 'RPC_FAILED')
    await world.run(20)
    expect(errors).toEqual([])
    expect(client.state).toBe('connected')
  })

  it('frames after the end of the session are not read', async () => {
    const { world, client, errors } = await connected()
    const ends: unknown[] = []
    client.on('ended', (event) => ends.push(event))
    world.server.connection.send(
      encodeServerFrame('SessionEnd', { code: 205 }),
      encodeFrame(Op.Heartbeat, new Uint8Array(0)),
    )
    world.server.connection.sendError(0, 'ROOM_BUSY')
    await world.run(20)
    expect(ends).toHaveLength(1)
    expect(errors).toEqual([])
  })

  it('a welcome that nobody asked for changes nothing', async () => {
    const { world, client } = await connected()
    const session = client.session
    world.server.connection.startSession(55, { session: 'ffffffffffffffff' })
    await world.run(20)
    expect(client.session).toBe(session)
  })

  it('5,000 damaged messages cause nothing but reported errors and clean reconnections', async () => {
    const { world, client, errors } = await connected()
    const seed = 20_260_801
    const random = new SeededRandom(seed)
    for (let i = 0; i < 5_000; i++) {
      if (client.state !== 'connected') {
        const connecting = outcome(client.connect())
        await world.run(10_000)
        expect(connecting.error).toBeUndefined()
        const joining = outcome(client.joinRoom(ROOM_ID))
        await world.run(100)
        joining.value?.on('data', () => {})
      }
      const message = damaged(validMessages[random.integer(validMessages.length)]!, random)
      world.server.connection.sendBytes(message)
      try {
        await world.run(10)
      } catch (error) {
        throw new Error(`seed ${seed}, message ${i}: ${Buffer.from(message).toString('hex')}`, {
          cause: error,
        })
      }
    }
    expect(errors.length).toBeGreaterThan(500)
    expect(world.server.connections.length).toBeGreaterThan(100)
    // An error of no family of the table would have been wrapped, with itself as the cause.
    expect(errors.filter(({ error }) => error.error === 'INTERNAL' && error.cause !== undefined)).toEqual([])
    expect(world.logged).toEqual([])
    await Promise.all([client.close(), world.run(5_000)])
    expect(world.time.pendingEvents).toBe(0)
  })
})

const validMessages = [
  joinReply(3),
  encodeServerFrame('RpcResponse', { id: 3, payload: { a: [1, 2, { b: 'c' }] } }),
  encodeServerFrame('RoomPresence', { room: HANDLE, joins: [member(5)], leaves: [] }),
  encodeServerFrame('RoomLeave', { id: 0, room: HANDLE, reason: 'kicked', code: 311 }),
  encodeServerFrame('Error', { id: 0, op: 1, code: 100, name: 'X', message: 'y', details: { z: 1 } }),
  encodeServerFrame('SessionEnd', { code: 900, retry_after_ms: 1 }),
  encodeFrame(Op.Heartbeat, new Uint8Array(21)),
  encodeFrame(Op.RoomData, new Uint8Array([HANDLE, 0, 3, 1, 0, 0, 0, 0xa1, 0x78])),
  encodeFrame(Op.RoomState, new Uint8Array([HANDLE, 0, 1, 1, 0, 0, 0, 0x05])),
]

/** Random bytes, or a valid message with bits flipped, cut short, or repeated. */
function damaged(valid: Uint8Array, random: SeededRandom): Uint8Array {
  const kind = random.integer(4)
  if (kind === 0) {
    const bytes = new Uint8Array(random.integer(40))
    random.fill(bytes)
    return bytes
  }
  if (kind === 1) return valid.slice(0, random.integer(valid.length))
  const bytes = kind === 2 ? valid.slice() : new Uint8Array([...valid, ...valid])
  for (let flips = 1 + random.integer(3); flips > 0; flips--) {
    const at = random.integer(bytes.length)
    bytes[at] = bytes[at]! ^ (1 << random.integer(8))
  }
  return bytes
}
