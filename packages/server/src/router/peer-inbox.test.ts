import {
  encodeClientFrame,
  encodeFrame,
  encodeHeartbeat,
  encodeMessagePack,
  encodeRoomData,
  KaosError,
  Op,
} from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import { readMetric } from '../testing/read-metric.ts'
import { type RouterScripts, type RouterWorld, routerWorld } from '../testing/router-world.ts'
import { settled } from '../testing/promises.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

function world(options: ServerConfigInput = {}, scripts: RouterScripts = {}): RouterWorld {
  return routerWorld(metrics, options, scripts)
}

const heartbeat = encodeHeartbeat({ isReplyWanted: true, sentUs: 5, echoUs: 0, holdUs: 0 })
const junk = encodeFrame(Op.Rpc, Uint8Array.of(0xc1))
const list = (id: number): Uint8Array => encodeClientFrame('RoomList', { id })
const rpc = (id: number): Uint8Array => encodeClientFrame('Rpc', { id, name: 'echo', payload: id })
const start = encodeClientFrame('SessionStart', { id: 1, versions: [1] })

describe('frames', () => {
  it('of one message are all handled, requests in order', async () => {
    const client = world().connect()
    await client.start()
    await client.send(list(10), heartbeat, list(11))
    expect(client.connection.ops.sort()).toEqual(['Heartbeat', 'RoomList', 'RoomList', 'SessionStart'])
    expect(client.connection.payloads('RoomList').map(({ id }) => id)).toEqual([10, 11])
  })

  it('after a bad one are handled, and those before it have been', async () => {
    const client = world().connect()
    await client.start()
    await client.send(list(10), junk, list(11))
    expect(client.connection.payloads('RoomList').map(({ id }) => id)).toEqual([10, 11])
    expect(client.refusals()).toEqual([['INVALID_MESSAGEPACK', Op.Rpc, 0]])
  })

  it('that are cut off are refused, once, and the next message is read anew', async () => {
    const client = world().connect()
    await client.start()
    await client.send(list(10), Uint8Array.of(Op.Rpc, 255, 255, 1))
    expect(client.refusals()).toEqual([['TRUNCATED_FRAME', 0, 0]])
    await client.send(list(11))
    expect(client.connection.payloads('RoomList').map(({ id }) => id)).toEqual([10, 11])
  })

  it.each([
    ['UNKNOWN_OP', 0, encodeFrame(0xee, new Uint8Array(3))],
    ['WRONG_DIRECTION', 0, encodeFrame(Op.RoomState, new Uint8Array(9))],
    ['WRONG_DIRECTION', 7, encodeFrame(Op.Error, encodeMessagePack({ id: 7 }))],
    ['PAYLOAD_TOO_LARGE', 0, encodeFrame(Op.RoomCreate, new Uint8Array(16_385))],
    ['INVALID_MESSAGEPACK', 0, encodeFrame(Op.RoomJoin, Uint8Array.of(0xc1))],
    ['INVALID_PAYLOAD', 9, encodeFrame(Op.RoomJoin, encodeMessagePack({ id: 9, room_id: 5 }))],
    ['INVALID_PAYLOAD', 0, encodeFrame(Op.RoomList, encodeMessagePack([1, 2]))],
    ['INVALID_PAYLOAD', 0, encodeFrame(Op.RoomData, new Uint8Array(3))],
    ['INVALID_PAYLOAD', 0, encodeFrame(Op.Heartbeat, new Uint8Array(3))],
    [
      'ROOM_NOT_JOINED',
      0,
      encodeRoomData({
        room: 3,
        isReliable: true,
        isMessagePack: false,
        op: 1,
        sender: 0,
        data: new Uint8Array(),
      }),
    ],
  ] as const)('are refused with %s, and the request they name is %d', async (error, id, frame) => {
    const client = world().connect()
    await client.start()
    await client.send(frame)
    expect(client.refusals()).toEqual([[error, frame[0], id]])
    await client.send(list(10))
    expect(client.connection.ops.at(-1)).toBe('RoomList')
  })

  it.each([
    ['RoomCreate', { id: 4, module: 'game' }],
    ['RoomJoin', { id: 4, room_id: '00000000-0000-4000-8000-000000000000' }],
    ['RoomLeave', { id: 4, room: 1 }],
    ['RoomList', { id: 4 }],
    ['Rpc', { id: 4, name: 'echo' }],
  ] as const)('of %s need a session', async (name, payload) => {
    const client = world().connect()
    await client.send(encodeClientFrame(name, payload as never))
    expect(client.refusals()).toEqual([['WRONG_STATE', Op[name], 4]])
  })

  it('are counted by operation', async () => {
    const count = () => readMetric(metrics, 'kaosnet_messages_total', { op: 'RoomList', direction: 'in' })
    const before = await count()
    const client = world().connect()
    await client.send(list(1), list(2))
    expect(await count()).toBe(before + 2)
  })
})

describe('messages that the transport refused', () => {
  it('are answered, counted and survived', async () => {
    const limitHits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'messageBytes' })
    const before = await limitHits()
    const client = world().connect()
    client.inbox.onBadMessage('text', 5)
    client.inbox.onBadMessage('too-large', 300_000)
    expect(client.refusals()).toEqual([
      ['INVALID_PAYLOAD', 0, 0],
      ['MESSAGE_TOO_LARGE', 0, 0],
    ])
    expect(await limitHits()).toBe(before + 1)
    await client.start()
    expect(client.connection.ops.at(-1)).toBe('SessionStart')
  })
})

describe('violations', () => {
  it('close the connection when there are more than allowed; what follows is dropped and counted', async () => {
    const dropped = () => readMetric(metrics, 'kaosnet_frames_dropped_total', { reason: 'closing' })
    const before = await dropped()
    const { connect, sessions } = world({ limits: { violations: 2 } })
    const client = connect()
    await client.start()
    await client.send(junk, junk, list(1))
    await client.send(junk, list(2), list(3))
    expect(client.connection.errors).toEqual([
      'INVALID_MESSAGEPACK',
      'INVALID_MESSAGEPACK',
      'INVALID_MESSAGEPACK',
    ])
    expect(client.connection.payloads('RoomList')).toHaveLength(1)
    expect(client.connection.payloads('SessionEnd')).toEqual([expect.objectContaining({ code: 109 })])
    expect(client.connection.closed?.code).toBe(109)
    expect(await dropped()).toBe(before + 2)
    expect(sessions.size).toBe(0)
  })

  it('are forgiven when the window is over', async () => {
    const { connect, clock } = world({ limits: { violations: 2, violationWindowMs: 1_000 } })
    const client = connect()
    for (let i = 0; i < 10; i++) {
      await client.send(junk)
      clock.stall(600)
    }
    expect(client.connection.closed).toBeUndefined()
  })

  it('are no errors that any client may meet', async () => {
    const client = world({ limits: { violations: 1 } }).connect()
    await client.start()
    for (let id = 1; id <= 5; id++) {
      await client.request('RoomJoin', { id, room_id: '00000000-0000-4000-8000-000000000000' })
      await client.request('Rpc', { id, name: 'unknown' })
    }
    expect(client.connection.errors).toHaveLength(10)
    expect(client.connection.closed).toBeUndefined()
  })

  it('are sessions that fail to start, too: guessing tokens is not free', async () => {
    const client = world({ auth: { anonymous: false }, limits: { violations: 2 } }).connect()
    for (let i = 0; i < 3; i++) await client.start()
    expect(client.connection.errors).toEqual(['AUTH_REQUIRED', 'AUTH_REQUIRED', 'AUTH_REQUIRED'])
    expect(client.connection.closed?.code).toBe(109)
  })
})

describe('a session', () => {
  it('starts once', async () => {
    const { connect, sessions } = world()
    const client = connect()
    await client.send(start, start)
    await client.start()
    expect(client.connection.ops.sort()).toEqual(['Error', 'Error', 'SessionStart'])
    expect(client.connection.errors).toEqual(['WRONG_STATE', 'WRONG_STATE'])
    expect(client.inbox.session).toBe([...sessions][0])
  })

  it('may be asked for again when it was refused', async () => {
    const client = world().connect()
    await client.request('SessionStart', { id: 5, versions: [99] })
    await client.request('SessionStart', { id: 6, versions: [1] })
    expect(client.refusals()).toEqual([['UNSUPPORTED_VERSION', Op.SessionStart, 5]])
    expect(client.connection.payloads('SessionStart').map(({ id }) => id)).toEqual([6])
  })

  it('ends when the client says so', async () => {
    const { connect, sessions, host, run } = world()
    const client = connect()
    await client.start()
    await client.join(run())
    await client.request('SessionEnd', { code: 0, reason: 'bye' })
    expect(sessions.size).toBe(0)
    expect(host.taken('leave')).toMatchObject([{ reason: 'left' }])
    expect(client.connection.closed).toEqual({ code: 0, reason: 'bye' })
  })

  it('that has not started ends as well', async () => {
    const client = world().connect()
    await client.request('SessionEnd', { code: 0 })
    expect(client.connection.closed?.code).toBe(0)
  })

  it('does not end when the before-hook of session_end rejects that', async () => {
    const { connect, host, sessions } = world({}, { before: ['session_end'] })
    const client = connect()
    await client.start()
    host.onInvoke = () => ({ kind: 'rejected', reason: 'not yet' })
    await client.request('SessionEnd', { code: 0 })
    expect([sessions.size, client.connection.closed]).toEqual([1, undefined])
    expect(client.refusals()).toEqual([['HOOK_REJECTED', Op.SessionEnd, 0]])
  })

  it('is dropped when its connection is gone', async () => {
    const { connect, sessions, host, run, closed } = world()
    const client = connect()
    await client.start()
    await client.join(run())
    client.inbox.onClosed('dropped')
    expect(sessions.size).toBe(0)
    expect(host.taken('leave')).toMatchObject([{ reason: 'dropped' }])
    expect(client.connection.payloads('SessionEnd')).toEqual([])
    expect(closed).toEqual([client.inbox])
  })

  it('ends for the server’s reasons with the code, and when to come back', async () => {
    const { connect, run, host } = world()
    const client = connect()
    await client.start()
    await client.join(run())
    client.inbox.end(new KaosError('SHUTTING_DOWN'), 'shutdown', 3_000)
    expect(client.connection.payloads('SessionEnd')).toEqual([
      { code: 900, reason: 'The server is shutting down.', retry_after_ms: 3_000 },
    ])
    expect(host.taken('leave')).toMatchObject([{ reason: 'shutdown' }])
    const stranger = connect()
    stranger.inbox.end(new KaosError('SERVER_FULL'), 'dropped')
    expect(stranger.connection.closed?.code).toBe(503)
  })
})

describe('silence', () => {
  const times = { session: { startTimeoutMs: 2_000, timeoutMs: 5_000 } }

  it('ends a connection that starts no session in time, whatever else it sends', async () => {
    const { connect, clock } = world(times)
    const client = connect()
    clock.stall(1_999)
    await client.send(heartbeat)
    client.inbox.checkSilence(clock.nowMs())
    expect(client.connection.closed).toBeUndefined()
    clock.stall(1)
    client.inbox.checkSilence(clock.nowMs())
    expect(client.connection.closed?.code).toBe(206)
  })

  it('ends a session that is not heard of, and anything that is heard keeps it', async () => {
    const { connect, clock, sessions } = world(times)
    const client = connect()
    await client.start()
    for (const hear of [
      () => client.send(heartbeat),
      () => client.send(junk),
      () => client.inbox.onBadMessage('text', 1),
    ]) {
      clock.stall(4_999)
      client.inbox.checkSilence(clock.nowMs())
      await hear()
    }
    expect(client.connection.closed).toBeUndefined()
    clock.stall(5_000)
    client.inbox.checkSilence(clock.nowMs())
    client.inbox.checkSilence(clock.nowMs())
    expect(client.connection.closed).toEqual({
      code: 204,
      reason: 'nothing was heard from the client for 5000 ms',
    })
    expect(sessions.size).toBe(0)
  })
})

describe('heartbeats', () => {
  it('are answered before there is a session, without any hook', async () => {
    const { connect, host } = world({}, { before: ['heartbeat'], after: ['heartbeat'] })
    const client = connect()
    await client.send(heartbeat)
    expect(client.connection.heartbeats).toMatchObject([{ echoUs: 5 }])
    expect(host.calls).toEqual([])
  })

  it('pass the hooks, which see the latency', async () => {
    const { connect, host } = world({}, { before: ['heartbeat'], after: ['heartbeat'] })
    const client = connect()
    await client.start()
    await client.send(heartbeat)
    expect(client.connection.heartbeats).toHaveLength(1)
    expect(host.calls.map(({ kind }) => kind)).toEqual(['before', 'after'])
    expect(host.calls[0]).toMatchObject({ name: 'heartbeat', message: { latency_ms: 0 } })
    host.onInvoke = () => ({ kind: 'rejected', reason: undefined })
    await client.send(heartbeat)
    expect(client.connection.heartbeats).toHaveLength(1)
    expect(client.refusals()).toEqual([['HOOK_REJECTED', Op.Heartbeat, 0]])
  })

  it('that come while a hook runs are answered without one, so that a flood of them fills no queue', async () => {
    const { connect, host } = world({}, { before: ['heartbeat'], after: ['heartbeat'] })
    const client = connect()
    await client.start()
    let finish = (): void => {}
    host.onInvoke = (call) =>
      new Promise((resolve) => {
        const message = call.kind === 'rpc' ? call.payload : call.message
        finish = () => resolve({ kind: 'value', value: message })
      })
    await client.send(...Array.from({ length: 100 }, () => heartbeat))
    expect([host.calls.length, client.connection.heartbeats.length]).toEqual([1, 99])
    finish()
    await settled()
    expect([host.calls.length, client.connection.heartbeats.length]).toEqual([2, 100])
    finish()
    await settled()
    await client.send(heartbeat)
    expect(host.calls.map(({ kind }) => kind)).toEqual(['before', 'after', 'before'])
  })
})

describe('a fault of the server’s own', () => {
  it('is answered with INTERNAL and logged, and the connection lives on', async () => {
    const { connect, host, log } = world({}, { rpcs: ['echo'] })
    const client = connect()
    await client.start()
    host.onInvoke = () => {
      throw new TypeError('a bug')
    }
    await client.send(rpc(9))
    expect(client.refusals()).toEqual([['INTERNAL', Op.Rpc, 9]])
    expect(log.entries.at(-1)).toMatchObject({
      level: 'error',
      fields: { op: 'Rpc', error: { message: 'a bug', stack: expect.stringContaining('a bug') } },
    })
    expect(client.connection.payloads('Error')[0]?.message).not.toContain('a bug')
    expect(client.connection.closed).toBeUndefined()
  })
})
