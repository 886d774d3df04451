import {
  encodeClientFrame,
  encodeMessagePack,
  encodeRoomData,
  encodeServerFrame,
  ErrorTable,
} from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { frame, Op, RawClient } from '../support/raw-client.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

async function startedClient(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  client.send(encodeClientFrame('SessionStart', { id: 1, versions: [1] }))
  await client.control('SessionStart')
  return client
}

/** The connection still answers. */
async function expectAlive(client: RawClient): Promise<void> {
  client.send(encodeClientFrame('RoomList', { id: 4242 }))
  expect((await client.control('RoomList')).id).toBe(4242)
}

describe('bad input gets a precise error and the connection lives on', () => {
  const cases: readonly [string, Uint8Array | string, keyof typeof ErrorTable, number, RegExp][] = [
    ['an unknown operation', frame(0x7f, Buffer.from([1])), 'UNKNOWN_OP', 0x7f, /0x7f/],
    ['a truncated frame', Buffer.from([Op.Rpc, 200, 0, 1]), 'TRUNCATED_FRAME', 0, /200 payload bytes/],
    ['half a header', Buffer.from([Op.Rpc]), 'TRUNCATED_FRAME', 0, /1 byte/],
    [
      'an oversize payload',
      frame(Op.RoomCreate, Buffer.alloc(20_000)),
      'PAYLOAD_TOO_LARGE',
      Op.RoomCreate,
      /16384/,
    ],
    ['invalid MessagePack', frame(Op.Rpc, Buffer.from([0xc1])), 'INVALID_MESSAGEPACK', Op.Rpc, /offset 0/],
    [
      'a nested-array bomb',
      frame(Op.Rpc, Buffer.alloc(3_000, Buffer.from([0xdc, 0xff, 0xff]))),
      'INVALID_MESSAGEPACK',
      Op.Rpc,
      /announces/,
    ],
    [
      'a wrong type',
      frame(Op.Rpc, encodeMessagePack({ id: 7, name: 12 })),
      'INVALID_PAYLOAD',
      Op.Rpc,
      /name: expected str .*got number 12/,
    ],
    [
      'a missing field',
      frame(Op.Rpc, encodeMessagePack({ id: 7 })),
      'INVALID_PAYLOAD',
      Op.Rpc,
      /name: expected str .*got nothing/,
    ],
    [
      'a join that names no room and looks for none',
      frame(Op.RoomJoin, encodeMessagePack({ id: 7 })),
      'INVALID_PAYLOAD',
      Op.RoomJoin,
      /room_id.*find|find.*room_id/,
    ],
    [
      'room data before a join',
      encodeRoomData({
        room: 3,
        isReliable: true,
        isMessagePack: false,
        op: 1,
        sender: 0,
        data: Buffer.from('x'),
      }),
      'ROOM_NOT_JOINED',
      Op.RoomData,
      /handle 3/,
    ],
    [
      'a second SessionStart',
      encodeClientFrame('SessionStart', { id: 9, versions: [1] }),
      'WRONG_STATE',
      Op.SessionStart,
      /already/,
    ],
    [
      'an operation of the server',
      encodeServerFrame('RpcResponse', { id: 1, payload: 1 }),
      'WRONG_DIRECTION',
      Op.RpcResponse,
      /RpcResponse/,
    ],
    [
      'a heartbeat of the wrong size',
      frame(Op.Heartbeat, Buffer.alloc(4)),
      'INVALID_PAYLOAD',
      Op.Heartbeat,
      /21 bytes/,
    ],
    [
      'reserved flags',
      frame(Op.RoomData, Buffer.from([1, 0, 0xf0, 0, 0, 0, 0])),
      'INVALID_PAYLOAD',
      Op.RoomData,
      /reserved/,
    ],
    ['a text message', 'hello', 'INVALID_PAYLOAD', 0, /binary/],
    ['a message that is too large', Buffer.alloc(300_000), 'MESSAGE_TOO_LARGE', 0, /262144/],
  ]
  it.each(cases)('%s', async (_name, bytes, error, op, text) => {
    const { port } = await startTestServer({ 'room.lua': matchModule() })
    const client = await startedClient(port)
    client.send(bytes)
    const answer = await client.control('Error')
    expect(answer).toMatchObject({ name: error, code: ErrorTable[error].code, op })
    expect(answer.message).toMatch(text)
    await expectAlive(client)
  })

  it('a request that failed its schema still gets its id back', async () => {
    const { port } = await startTestServer({})
    const client = await startedClient(port)
    client.send(frame(Op.Rpc, encodeMessagePack({ id: 77, name: false })))
    expect((await client.control('Error')).id).toBe(77)
  })

  it('frames before and after a bad one in the same message are processed', async () => {
    const { port } = await startTestServer({})
    const client = await startedClient(port)
    client.send(
      encodeClientFrame('RoomList', { id: 5 }),
      frame(0x66, Buffer.alloc(0)),
      encodeClientFrame('RoomList', { id: 6 }),
    )
    expect((await client.control('RoomList')).id).toBe(5)
    expect((await client.control('Error')).name).toBe('UNKNOWN_OP')
    expect((await client.control('RoomList')).id).toBe(6)
  })

  it('requests before the session are refused, heartbeats are not', async () => {
    const { port } = await startTestServer({})
    const client = await RawClient.connect(port)
    client.send(encodeClientFrame('RoomList', { id: 5 }))
    expect(await client.control('Error')).toMatchObject({ id: 5, name: 'WRONG_STATE', op: Op.RoomList })
    client.send(encodeClientFrame('SessionStart', { id: 6, versions: [1] }))
    expect((await client.control('SessionStart')).id).toBe(6)
  })
})

describe('what cannot go on is closed', () => {
  it('repeated violations end the session with PROTOCOL_VIOLATION', async () => {
    const { port, metrics } = await startTestServer({}, { limits: { violations: 5 } })
    const client = await startedClient(port)
    for (let count = 0; count < 6; count++) client.send(frame(0x7f, Buffer.alloc(0)))
    expect((await client.control('SessionEnd')).code).toBe(ErrorTable.PROTOCOL_VIOLATION.code)
    expect((await client.untilClosed()).code).toBe(4000 + ErrorTable.PROTOCOL_VIOLATION.code)
    expect(await metrics()).toMatch(/kaosnet_limit_hits_total\{limit="violations"\} 1/)
  })

  it('a message far beyond the limit closes the connection, and only that one', async () => {
    const { port } = await startTestServer({})
    const [attacker, bystander] = [await startedClient(port), await startedClient(port)]
    attacker.send(Buffer.alloc(2_000_000))
    expect((await attacker.untilClosed()).code).toBe(1009)
    await expectAlive(bystander)
  })
})

describe('versions', () => {
  it('an unsupported version is refused with the supported ones, and the client may try again', async () => {
    const { port } = await startTestServer({})
    const client = await RawClient.connect(port)
    client.send(encodeClientFrame('SessionStart', { id: 1, versions: [99, 100] }))
    const refusal = await client.control('Error')
    expect(refusal).toMatchObject({ id: 1, name: 'UNSUPPORTED_VERSION', details: { supported: [1] } })
    expect(refusal.message).toMatch(/99, 100.*speaks 1/)
    client.send(encodeClientFrame('SessionStart', { id: 2, versions: [99, 1] }))
    expect(await client.control('SessionStart')).toMatchObject({ id: 2, version: 1 })
  })
})
