import { encodeClientFrame, encodeRoomData, Op } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { ScriptOutcome } from '../room/room-host.ts'
import { deferred, settled } from '../testing/promises.ts'
import { readMetric } from '../testing/read-metric.ts'
import { type RouterScripts, type RouterWorld, routerWorld } from '../testing/router-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

function world(options: ServerConfigInput = {}, scripts: RouterScripts = {}): RouterWorld {
  return routerWorld(metrics, options, scripts)
}

const list = (id: number): Uint8Array => encodeClientFrame('RoomList', { id })
const rpc = (id: number): Uint8Array => encodeClientFrame('Rpc', { id, name: 'echo', payload: id })

describe('the order of requests', () => {
  it('is kept for everything about rooms while one of them waits for a hook; RPCs overtake', async () => {
    const { connect, host, run } = world({}, { before: ['room_join'], rpcs: ['echo'] })
    const client = connect()
    await client.start()
    const room = run()
    const answer = deferred<ScriptOutcome>()
    host.onInvoke = (call) => (call.kind === 'before' ? answer.promise : { kind: 'value', value: 1 })
    await client.request('RoomJoin', { id: 10, room_id: room })
    await client.send(list(11), rpc(12))
    expect(client.connection.ops.slice(1)).toEqual(['RpcResponse'])
    answer.resolve({ kind: 'value', value: { room_id: room } })
    await settled()
    expect(host.taken('join')).toHaveLength(1)
    expect(client.connection.ops.slice(1)).toEqual(['RpcResponse', 'RoomList'])
  })

  it('has a bound: more than may wait are refused by their id', async () => {
    const limitHits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'requestsQueued' })
    const before = await limitHits()
    const { connect, host } = world({ limits: { requestsQueued: 2 } }, { before: ['room_list'] })
    const client = connect()
    await client.start()
    const answer = deferred<ScriptOutcome>()
    host.onInvoke = () => answer.promise
    await client.send(list(1), list(2), list(3), list(4))
    expect(client.refusals()).toEqual([['TOO_MANY_REQUESTS', Op.RoomList, 4]])
    expect(await limitHits()).toBe(before + 1)
    answer.resolve({ kind: 'value', value: {} })
    await settled()
    expect(client.connection.payloads('RoomList').map(({ id }) => id)).toEqual([1, 2, 3])
  })

  it('is forgotten when the connection is gone', async () => {
    const { connect, host } = world({}, { before: ['room_list', 'room_create'] })
    const client = connect()
    await client.start()
    const answer = deferred<ScriptOutcome>()
    host.onInvoke = () => answer.promise
    await client.send(list(1), encodeClientFrame('RoomCreate', { id: 2, module: 'game' }))
    client.inbox.onClosed('dropped')
    answer.resolve({ kind: 'value', value: {} })
    await settled()
    expect(host.taken('create')).toEqual([])
    expect(host.calls).toHaveLength(1)
  })
})

describe('RPCs', () => {
  it('have a bound on those that are not answered', async () => {
    const { connect, host } = world({ limits: { rpcInFlight: 2 } }, { rpcs: ['echo'] })
    const client = connect()
    await client.start()
    const answers = Array.from({ length: 3 }, () => deferred<ScriptOutcome>())
    let asked = 0
    host.onInvoke = () => answers[asked++]?.promise ?? { kind: 'value', value: 'late' }
    await client.send(rpc(1), rpc(2), rpc(3))
    expect(client.refusals()).toEqual([['TOO_MANY_REQUESTS', Op.Rpc, 3]])
    answers[1]?.resolve({ kind: 'value', value: 'two' })
    await settled()
    await client.send(rpc(4))
    expect(client.refusals()).toHaveLength(1)
    answers[0]?.resolve({ kind: 'failed', error: 'boom', code: 'RPC_FAILED' })
    await settled()
    expect(client.refusals().at(-1)).toEqual(['RPC_FAILED', Op.Rpc, 1])
    expect(client.connection.payloads('RpcResponse')).toEqual([{ id: 2, payload: 'two' }])
  })
})

describe('room data', () => {
  const data = (room: number, text: string): Uint8Array =>
    encodeRoomData({
      room,
      isReliable: true,
      isMessagePack: false,
      op: 1,
      sender: 0,
      data: new Uint8Array(Buffer.from(text)),
    })

  it.each<[string, RouterScripts, Uint8Array[]]>([
    ['without hooks', {}, []],
    ['with a before-hook', { before: ['room_data'] }, []],
    ['with an after-hook', { after: ['room_data'] }, []],
    ['behind a request that waits', {}, [list(5)]],
  ])('is right %s, though the buffer it came in is used again at once', async (_, scripts, before) => {
    const { connect, host, run } = world({}, scripts)
    const client = connect()
    await client.start()
    const handle = await client.join(run())
    const message = Buffer.concat([...before, data(handle, 'precious')])
    client.inbox.onMessage(message)
    message.fill(0xff)
    await settled()
    expect(host.taken('input').map((taken) => Buffer.from(taken.message.data).toString())).toEqual([
      'precious',
    ])
  })
})

describe('bytes inside a request', () => {
  it('are right, though the buffer they came in is used again at once', async () => {
    const { connect, host, run } = world({}, { rpcs: ['echo'] })
    const client = connect()
    await client.start()
    const bytes = Uint8Array.of(1, 2, 3)
    const message = Buffer.concat([
      encodeClientFrame('Rpc', { id: 5, name: 'echo', payload: bytes }),
      encodeClientFrame('RoomCreate', { id: 6, module: 'game', params: { bytes } }),
      encodeClientFrame('RoomJoin', { id: 7, room_id: run(), metadata: { bytes } }),
    ])
    client.inbox.onMessage(message)
    message.fill(0xff)
    await settled()
    expect(host.calls).toMatchObject([{ payload: bytes }])
    expect(host.taken('create').at(-1)).toMatchObject({ spec: { params: { bytes } } })
    expect(host.taken('join')).toMatchObject([{ member: { metadata: { bytes } } }])
  })
})
