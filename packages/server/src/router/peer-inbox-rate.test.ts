import {
  decodeLaneCounts,
  encodeClientFrame,
  encodeFrame,
  encodeHeartbeat,
  encodeLaneCounts,
  encodeRoomData,
  encodeSessionAck,
  Op,
} from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import { readMetric } from '../testing/read-metric.ts'
import { type RouterClient, type RouterWorld, routerWorld } from '../testing/router-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

/** Ten messages at once. */
const SLOW: ServerConfigInput = { limits: { messagesPerSecond: 5 } }

function world(options: ServerConfigInput = SLOW): RouterWorld {
  return routerWorld(metrics, options)
}

const list = (id: number): Uint8Array => encodeClientFrame('RoomList', { id })
const heartbeat = encodeHeartbeat({ isReplyWanted: true, sentUs: 5, echoUs: 0, holdUs: 0 })
const roomData = (room: number, op: number): Uint8Array =>
  encodeRoomData({ room, isReliable: true, isMessagePack: false, op, sender: 0, data: new Uint8Array(10) })
const times = (count: number, make: (index: number) => Uint8Array): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => make(index))
const answered = ({ connection }: RouterClient): number[] =>
  connection.payloads('RoomList').map(({ id }) => id)

describe('a session that sends too many messages', () => {
  it('hears RATE_LIMITED of each request beyond the burst, with its id, and goes on later', async () => {
    const { connect, clock } = world()
    const client = connect()
    await client.start()
    await client.send(...times(12, (index) => list(index + 1)))
    expect(answered(client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(client.refusals()).toEqual([
      ['RATE_LIMITED', Op.RoomList, 11],
      ['RATE_LIMITED', Op.RoomList, 12],
    ])
    expect(client.connection.payloads('Error')[0]?.message).toBe(
      'a session sends at most 5 messages a second',
    )
    clock.stall(200)
    await client.send(list(13), list(14))
    expect(answered(client).at(-1)).toBe(13)
  })

  it('is told of room data once in 100 ms, and each refusal is counted', async () => {
    const hits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'messagesPerSecond' })
    const before = await hits()
    const { connect, clock, host, run } = world()
    const client = connect()
    await client.start()
    const room = await client.join(run())
    await client.send(...times(109, (index) => roomData(room, index)))
    expect(host.taken('input')).toHaveLength(9)
    expect(client.refusals()).toEqual([['RATE_LIMITED', Op.RoomData, 0]])
    clock.stall(99)
    await client.send(roomData(room, 1))
    expect(client.refusals()).toHaveLength(1)
    clock.stall(1)
    await client.send(roomData(room, 1))
    expect(client.refusals()).toHaveLength(2)
    expect(await hits()).toBe(before + 102)
  })

  it('commits no violation by that, whatever it sends', async () => {
    const { connect } = world({ limits: { messagesPerSecond: 1, violations: 1 } })
    const client = connect()
    await client.start()
    await client.send(list(1), list(2))
    for (let id = 3; id < 50; id++) await client.send(list(id), encodeFrame(0xee, new Uint8Array(3)))
    expect(client.connection.closed).toBeUndefined()
    expect(new Set(client.connection.errors)).toEqual(new Set(['RATE_LIMITED']))
  })

  it('keeps its heartbeats and acknowledgements, and may end', async () => {
    const { connect, sessions } = world()
    const client = connect()
    await client.start()
    await client.send(...times(11, (index) => list(index + 1)))
    await client.send(heartbeat, encodeSessionAck(new Map([[0, 1]])), heartbeat)
    expect(client.connection.heartbeats).toHaveLength(2)
    expect(client.refusals()).toHaveLength(1)
    await client.request('SessionEnd', { code: 0 })
    expect(sessions.size).toBe(0)
  })

  it('disturbs no other session', async () => {
    const { connect } = world()
    const [flood, calm] = [connect(), connect()]
    await flood.start()
    await calm.start()
    await flood.send(...times(100, (index) => list(index + 1)))
    await calm.send(list(1))
    expect(answered(calm)).toEqual([1])
    expect(calm.refusals()).toEqual([])
  })
})

describe('a session that sends too many bytes', () => {
  it('hears RATE_LIMITED, which names the limit', async () => {
    const hits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'bytesPerSecond' })
    const before = await hits()
    const client = world({ limits: { bytesPerSecond: 2_000 } }).connect()
    await client.start()
    const rpc = (id: number): Uint8Array =>
      encodeClientFrame('Rpc', { id, name: 'none', payload: 'x'.repeat(1_900) })
    await client.send(rpc(1), rpc(2), rpc(3))
    // An RPC takes a turn to be refused for anything else.
    expect(client.refusals()).toEqual([
      ['RATE_LIMITED', Op.Rpc, 3],
      ['RPC_NOT_FOUND', Op.Rpc, 1],
      ['RPC_NOT_FOUND', Op.Rpc, 2],
    ])
    expect(client.connection.payloads('Error')[0]?.message).toBe(
      'a session sends at most 2000 bytes a second',
    )
    expect(await hits()).toBe(before + 1)
  })
})

describe('a session that is resumed', () => {
  const options: ServerConfigInput = { ...SLOW, session: { resumeWindowMs: 30_000 } }

  async function resume({ connect }: RouterWorld, from: RouterClient): Promise<RouterClient> {
    const client = connect()
    const token = from.connection.payloads('SessionStart').at(-1)?.resume_token ?? ''
    await client.request('SessionStart', {
      id: 1,
      versions: [1],
      resume: { token, attempt: 1, received: encodeLaneCounts(new Map([[0, 0]])) },
    })
    return client
  }

  it('has received what was refused for its rate: the client must not send it again', async () => {
    const all = world(options)
    const client = all.connect()
    await client.start()
    await client.send(...times(15, (index) => list(index + 1)))
    expect(client.refusals()).toHaveLength(5)
    client.inbox.onClosed('gone')
    const next = await resume(all, client)
    const received = next.connection.payloads('SessionStart')[0]?.received ?? new Uint8Array()
    expect(decodeLaneCounts(received).get(0)).toBe(15)
  })

  it('may send at once what it would have sent while it was away', async () => {
    const all = world(options)
    const client = all.connect()
    await client.start()
    await client.send(...times(10, (index) => list(index + 1)))
    client.inbox.onClosed('gone')
    all.clock.advance(20_000)
    const next = await resume(all, client)
    await next.send(...times(101, (index) => list(index + 100)))
    expect(next.refusals().filter(([error]) => error === 'RATE_LIMITED')).toEqual([
      ['RATE_LIMITED', Op.RoomList, 200],
    ])
  })
})
