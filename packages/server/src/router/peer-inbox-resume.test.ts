import {
  decodeLaneCounts,
  encodeClientFrame,
  encodeHeartbeat,
  encodeLaneCounts,
  encodeSessionAck,
  ErrorTable,
} from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ScriptOutcome } from '../room/room-host.ts'
import { deferred, settled } from '../testing/promises.ts'
import {
  type RouterClient,
  type RouterScripts,
  type RouterWorld,
  routerWorld,
} from '../testing/router-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

const WINDOW_MS = 5_000

function world(scripts: RouterScripts = {}): RouterWorld {
  return routerWorld(metrics, { session: { resumeWindowMs: WINDOW_MS, timeoutMs: 2_000 } }, scripts)
}

const list = (id: number): Uint8Array => encodeClientFrame('RoomList', { id })
const tokenOf = ({ connection }: RouterClient): string =>
  connection.payloads('SessionStart').at(-1)?.resume_token ?? ''

/** A new connection that takes the session of another one over. */
async function resume(
  { connect }: RouterWorld,
  from: RouterClient,
  received: [number, number][] = [[0, 0]],
  attempt = 1,
): Promise<RouterClient> {
  const client = connect()
  await client.request('SessionStart', {
    id: 1,
    versions: [1],
    resume: { token: tokenOf(from), attempt, received: encodeLaneCounts(new Map(received)) },
  })
  return client
}

describe('a session whose connection is lost', () => {
  it('is kept for the window, and ends with it', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    await client.join(all.run())
    client.inbox.onClosed('cut')
    all.clock.advance(WINDOW_MS - 1)
    expect([all.sessions.size, all.sessions.awayCount]).toEqual([1, 1])
    all.clock.advance(1)
    expect([all.sessions.size, all.clock.pendingTimers]).toEqual([0, 0])
    expect(all.host.taken('leave')).toMatchObject([{ reason: 'dropped' }])
    expect((await resume(all, client)).connection.errors).toEqual(['RESUME_REFUSED'])
  })

  it('ends at once when its page was closed or left: nobody will come back', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    await client.join(all.run())
    client.inbox.onClosed('going away', true)
    expect([all.sessions.size, all.clock.pendingTimers]).toEqual([0, 0])
    expect(all.host.taken('leave')).toMatchObject([{ reason: 'left' }])
  })

  it('by silence is closed without SessionEnd, so that the client knows there is something to resume', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    client.inbox.checkSilence(all.clock.nowMs() + 2_000)
    expect(client.connection.closed?.code).toBe(ErrorTable.SESSION_TIMEOUT.code)
    expect(client.connection.payloads('SessionEnd')).toEqual([])
    client.inbox.onClosed('closed')
    expect(all.sessions.awayCount).toBe(1)
  })

  it('ends at once when the client says so', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    await client.request('SessionEnd', { code: 0 })
    client.inbox.onClosed('closed')
    expect([all.sessions.size, all.clock.pendingTimers]).toEqual([0, 0])
  })

  it('gets the answers of what was in work, over its next connection', async () => {
    const all = world({ rpcs: ['echo'], before: ['room_list'] })
    const client = all.connect()
    await client.start()
    const answers = [deferred<ScriptOutcome>(), deferred<ScriptOutcome>()]
    all.host.onInvoke = (call) => (call.kind === 'rpc' ? answers[0] : answers[1])?.promise as never
    await client.send(encodeClientFrame('Rpc', { id: 10, name: 'echo' }), list(11), list(12))
    client.inbox.onClosed('cut')
    answers[0]?.resolve({ kind: 'value', value: 'done' })
    await settled()
    const next = await resume(all, client)
    expect(next.connection.payloads('SessionStart')).toMatchObject([{ is_resumed: true }])
    expect(next.connection.payloads('RpcResponse')).toEqual([{ id: 10, payload: 'done' }])
    answers[1]?.resolve({ kind: 'value', value: {} })
    await settled()
    expect(next.connection.payloads('RoomList').map(({ id }) => id)).toEqual([11, 12])
    expect(client.connection.payloads('RoomList')).toEqual([])
  })
})

describe('a connection that takes a session over', () => {
  it('replaces one that still looks open, whose end then harms nobody', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    const next = await resume(all, client)
    expect(client.connection.payloads('SessionEnd')).toMatchObject([
      { code: ErrorTable.SESSION_REPLACED.code },
    ])
    await client.send(list(5))
    client.inbox.onClosed('closed')
    client.inbox.checkSilence(all.clock.nowMs() + 60_000)
    expect([all.sessions.size, all.sessions.awayCount]).toEqual([1, 0])
    await next.send(list(6))
    expect(next.connection.payloads('RoomList').map(({ id }) => id)).toEqual([6])
    expect(client.connection.payloads('RoomList')).toEqual([])
  })

  it('is told what was received, however it was answered, and repeats what it is told is missing', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    await client.send(list(5), list(6), encodeClientFrame('RoomLeave', { id: 7, room: 99 }))
    client.inbox.onClosed('cut')
    const next = await resume(all, client, [[0, 1]])
    const [reply] = next.connection.payloads('SessionStart')
    // The leave of a room that never was counts on no lane, since there is none.
    expect(decodeLaneCounts(reply?.received ?? new Uint8Array())).toEqual(new Map([[0, 2]]))
    expect(next.connection.payloads('RoomList').map(({ id }) => id)).toEqual([6])
    expect(next.connection.errors).toEqual(['ROOM_NOT_JOINED'])
  })

  it('uses the old token up with its first frame, but not with a heartbeat', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    const lost = await resume(all, client, [[0, 0]], 1)
    await lost.send(encodeHeartbeat({ isReplyWanted: false, sentUs: 1, echoUs: 0, holdUs: 0 }))
    const second = await resume(all, client, [[0, 0]], 2)
    expect(second.connection.payloads('SessionStart')).toMatchObject([{ is_resumed: true }])
    await second.send(encodeSessionAck(new Map([[0, 0]])))
    expect((await resume(all, client, [[0, 0]], 3)).connection.errors).toEqual(['RESUME_REFUSED'])
    expect(all.sessions.size).toBe(1)
  })

  it('may start a fresh session after a refusal; too many refusals close it', async () => {
    const all = world()
    const stranger = all.connect()
    const forged = { token: 'forged', attempt: 1, received: encodeLaneCounts(new Map()) }
    for (let id = 1; id <= 3; id++) {
      await stranger.request('SessionStart', { id, versions: [1], resume: forged })
    }
    await stranger.start()
    expect(stranger.connection.errors).toEqual(['RESUME_REFUSED', 'RESUME_REFUSED', 'RESUME_REFUSED'])
    expect(all.sessions.size).toBe(1)
    const attacker = all.connect()
    for (let id = 1; id <= 30; id++) {
      await attacker.request('SessionStart', { id, versions: [1], resume: forged })
    }
    expect(attacker.connection.closed?.code).toBe(ErrorTable.PROTOCOL_VIOLATION.code)
  })

  it('with counts that cannot be read is refused, and the session is kept', async () => {
    const all = world()
    const client = all.connect()
    await client.start()
    const odd = all.connect()
    const resume = { token: tokenOf(client), attempt: 1, received: new Uint8Array(3) }
    await odd.request('SessionStart', { id: 1, versions: [1], resume })
    expect([odd.connection.errors, all.sessions.size]).toEqual([['INVALID_PAYLOAD'], 1])
  })
})
