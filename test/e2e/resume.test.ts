import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KaosClient, type RoomDataEvent } from '@kaosnet/client'
import {
  decodeLaneCounts,
  encodeClientFrame,
  encodeLaneCounts,
  ErrorTable,
  type ServerPayload,
} from '@kaosnet/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectCuttable } from '../support/cut-sockets.ts'
import { startLossyRelay } from '../support/lossy-udp-relay.ts'
import { connectPlayer, joinLogged, type RoomLog } from '../support/players.ts'
import { RawClient } from '../support/raw-client.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

/** Repeats every message to everybody, and tells what it hears of lost connections. */
const ECHO = matchModule({
  match_init: `function(ctx, params)
    return { state = {}, tick_rate = 60, resume_window = params and params.resume_window }
  end`,
  match_drop: `function(ctx, state, presences)
    kaos.broadcast(ctx.room_id, nil, 'drop ' .. presences[1].username, nil, 99)
    return state
  end`,
  match_resume: `function(ctx, state, presences)
    kaos.broadcast(ctx.room_id, nil, 'resume ' .. presences[1].username, nil, 99)
    return state
  end`,
  match_leave: `function(ctx, state, presences)
    kaos.broadcast(ctx.room_id, nil, 'leave ' .. presences[1].username .. ' ' .. presences[1].reason, nil, 99)
    return state
  end`,
  match_loop: `function(ctx, state, tick, messages)
    for _, m in ipairs(messages) do
      if m.op == 50 then kaos.room_state(ctx.room_id, m.data)
      else kaos.broadcast(ctx.room_id, m.sender, m.data, nil, m.op, m.reliable) end
    end
    return state
  end`,
})

/** The ops below 50 that have arrived, in order: what players sent. */
function numbersOf(log: RoomLog): number[] {
  return log.events
    .filter(({ kind }) => kind === 'data')
    .map(({ event }) => (event as RoomDataEvent).op)
    .filter((op) => op < 50)
}

/** What the room said of its callbacks, in order. */
function callbacksOf(log: RoomLog): string[] {
  return log.events
    .filter(({ kind, event }) => kind === 'data' && (event as RoomDataEvent).op === 99)
    .map(({ event }) => Buffer.from((event as RoomDataEvent<Uint8Array>).data).toString())
}

describe('a WebSocket that is cut', () => {
  it.each([0, 1])(
    'costs nothing: same session, no leave, every reliable message once and in order, both ways (workers: %i)',
    async (workers) => {
      const server = await startTestServer({ 'room.lua': ECHO }, { rooms: { workers } })
      const ada = await connectCuttable(server)
      const bob = await connectPlayer(server, 'Bob')
      const sessionId = ada.client.session?.sessionId
      const roomId = await ada.client.createRoom('room')
      const [adas, bobs] = [await joinLogged(ada.client, roomId), await joinLogged(bob, roomId)]
      await adas.next('joined')

      adas.room.send(1, null)
      ada.setReachable(false)
      ada.cut()
      await ada.until('dropped')
      expect(ada.client.state).toBe('resuming')
      adas.room.send(2, null)
      expect(await bobs.next('away')).toMatchObject([{ username: 'Ada', isAway: true }])
      bobs.room.send(3, null)
      bobs.room.send(50, { round: 1 })
      bobs.room.send(50, { round: 2 })
      bobs.room.send(4, null)
      await expect.poll(() => bobs.room.state).toEqual({ round: 2 })
      const resumed = ada.until('resumed')
      ada.setReachable(true)
      await resumed
      adas.room.send(5, null)

      expect(await bobs.next('back')).toMatchObject([{ username: 'Ada', isAway: false }])
      for (const log of [adas, bobs]) await expect.poll(() => numbersOf(log)).toHaveLength(5)
      const [byAda, byBob] = [numbersOf(adas), numbersOf(bobs)]
      expect(callbacksOf(bobs)).toEqual(['drop Ada', 'resume Ada'])
      // Ada's first message may have been lost with the connection, and then comes after Bob's.
      expect([...byAda].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
      expect(byAda).toEqual(byBob)
      expect(byAda.filter((op) => op <= 2)).toEqual([1, 2])
      expect(byAda.filter((op) => op === 3 || op === 4)).toEqual([3, 4])
      expect(adas.room.state).toEqual({ round: 2 })
      expect(ada.client.session?.sessionId).toBe(sessionId)
      expect(ada.story).toEqual(['connected', 'dropped', 'resumed'])
      for (const log of [adas, bobs]) {
        expect(log.events.filter(({ kind }) => kind === 'departed' || kind === 'closed')).toEqual([])
      }
      const metrics = await server.metrics()
      expect(metrics).toMatch(/^kaosnet_sessions_resumed_total 1$/m)
      expect(metrics).toMatch(/^kaosnet_sessions_away 0$/m)
    },
  )

  it('does not fail what was asked before it, nor what is asked meanwhile', async () => {
    const server = await startTestServer({
      'main.lua': `
        kaos.register_rpc('slow', function(ctx, n)
          local until_ms = kaos.time_now() + 150
          while kaos.time_now() < until_ms do end
          return n
        end)
        kaos.register_rpc('fast', function(ctx, n) return n + 1 end)`,
    })
    const ada = await connectCuttable(server)
    const slow = ada.client.rpc('slow', 7)
    await expect.poll(() => server.metrics()).toMatch(/kaosnet_messages_total\{op="Rpc",direction="in"\} 1/)
    ada.setReachable(false)
    const dropped = ada.until('dropped')
    ada.cut()
    await dropped
    const fast = ada.client.rpc('fast', 1)
    await expect.poll(() => server.metrics()).toMatch(/kaosnet_script_call_seconds_count\{kind="rpc"\} 1/)
    ada.setReachable(true)
    expect(await slow).toBe(7)
    expect(await fast).toBe(2)
    expect(ada.story).toEqual(['connected', 'dropped', 'resumed'])
  })

  it('keeps what is sent meanwhile up to a bound, and refuses more', async () => {
    const server = await startTestServer({ 'room.lua': ECHO })
    const ada = await connectCuttable(server, 'Ada', { replayBytes: 1_000 })
    const log = await joinLogged(ada.client, await ada.client.createRoom('room'))
    ada.setReachable(false)
    const dropped = ada.until('dropped')
    ada.cut()
    await dropped
    log.room.send(1, new Uint8Array(800))
    expect(() => log.room.send(2, new Uint8Array(800))).toThrow(/the connection is lost/)
    expect(log.room.send(3, new Uint8Array(8), { reliable: false })).toBe(false)
    ada.setReachable(true)
    log.room.send(4, new Uint8Array(8))
    await expect.poll(() => numbersOf(log)).toEqual([1, 4])
  })

  it('costs the session when the window passes: a leave with the reason, and a fresh session', async () => {
    const server = await startTestServer({ 'room.lua': ECHO }, { session: { resumeWindowMs: 150 } })
    const ada = await connectCuttable(server)
    const bob = await connectPlayer(server, 'Bob')
    const roomId = await ada.client.createRoom('room')
    const [adas, bobs] = [await joinLogged(ada.client, roomId), await joinLogged(bob, roomId)]
    const first = ada.client.session?.sessionId
    ada.setReachable(false)
    ada.cut()
    expect(await bobs.next('departed')).toMatchObject([{ username: 'Ada', reason: 'dropped' }])
    await expect.poll(() => callbacksOf(bobs)).toEqual(['drop Ada', 'leave Ada dropped'])
    const connected = ada.until('connected')
    ada.setReachable(true)
    await connected
    expect(await adas.next('closed')).toMatchObject({ reason: 'dropped' })
    expect(ada.client.session?.sessionId).not.toBe(first)
    expect(ada.story).toEqual(['connected', 'dropped', 'disconnected', 'connected'])
    await joinLogged(ada.client, roomId)
    expect(server.server.sessionCount).toBe(2)
  })

  it('costs the session when more is sent to it than is kept', async () => {
    const server = await startTestServer({ 'room.lua': ECHO }, { session: { replayBytes: 2_000 } })
    const ada = await connectCuttable(server)
    const bob = await connectPlayer(server, 'Bob')
    const roomId = await ada.client.createRoom('room')
    await joinLogged(ada.client, roomId)
    const bobs = await joinLogged(bob, roomId)
    ada.setReachable(false)
    ada.cut()
    await bobs.next('away')
    for (let count = 0; count < 3; count++) bobs.room.send(1, new Uint8Array(900))
    expect(await bobs.next('departed')).toMatchObject([{ username: 'Ada', reason: 'dropped' }])
    const connected = ada.until('connected')
    ada.setReachable(true)
    await connected
    expect(ada.story).toEqual(['connected', 'dropped', 'disconnected', 'connected'])
    expect(await server.metrics()).toMatch(/^kaosnet_replay_overflows_total [1-9]/m)
  })

  it('lets a room say how long it waits', async () => {
    const server = await startTestServer({ 'room.lua': ECHO })
    const ada = await connectCuttable(server)
    const bob = await connectPlayer(server, 'Bob')
    const roomId = await ada.client.createRoom('room', { resume_window: 0.1 })
    const [adas, bobs] = [await joinLogged(ada.client, roomId), await joinLogged(bob, roomId)]
    ada.setReachable(false)
    ada.cut()
    await bobs.next('away')
    expect(await bobs.next('departed')).toMatchObject([{ username: 'Ada', reason: 'dropped' }])
    const resumed = ada.until('resumed')
    ada.setReachable(true)
    await resumed
    expect(await adas.next('closed')).toMatchObject({ reason: 'dropped' })
    await joinLogged(ada.client, roomId)
  })

  it('does not keep a session that a script ends, nor one of a server that stops', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_rpc('kick', function(ctx, id) return kaos.session_kick(id, 'out') end)`,
      'room.lua': ECHO,
    })
    const ada = await connectCuttable(server)
    const bob = await connectPlayer(server, 'Bob')
    const roomId = await ada.client.createRoom('room')
    await joinLogged(ada.client, roomId)
    const bobs = await joinLogged(bob, roomId)
    ada.setReachable(false)
    ada.cut()
    await bobs.next('away')
    expect(await bob.rpc('kick', ada.client.session?.sessionId)).toBe(true)
    expect(await bobs.next('departed')).toMatchObject([{ username: 'Ada', reason: 'kicked' }])
    const connected = ada.until('connected')
    ada.setReachable(true)
    await connected
    ada.setReachable(false)
    ada.cut()
    await expect.poll(() => server.metrics()).toMatch(/^kaosnet_sessions_away 1$/m)
    await server.server.stop({ graceSeconds: 0 })
    expect(server.server.sessionCount).toBe(0)
  })
})

describe('a room in TypeScript', () => {
  it.each([0, 1])(
    'hears of members that are away and back, and says how long it waits (workers: %i)',
    async (workers) => {
      const dir = mkdtempSync(join(tmpdir(), 'kaosnet-resume-'))
      onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
      writeFileSync(
        join(dir, 'duel.ts'),
        `import { defineRoom } from '@kaosnet/server/script'
       export default defineRoom({
         init: () => ({ state: { heard: [] as string[] }, tickHz: 60, resumeWindowMs: 400 }),
         drop: (room, state, presence) => void state.heard.push('drop ' + presence.username),
         resume: (room, state, presence) => void state.heard.push('resume ' + presence.username),
         leave: (room, state, presence, reason) => void state.heard.push('leave ' + presence.username + ' ' + reason),
         loop: (room, state, messages) => void (messages.length > 0 && room.send(1, state.heard)),
       })`,
      )
      const server = await startTestServer({}, { rooms: { workers }, scripts: { modulesDir: dir } })
      const ada = await connectCuttable(server)
      const bob = await connectPlayer(server, 'Bob')
      const roomId = await ada.client.createRoom('duel')
      await joinLogged(ada.client, roomId)
      const bobs = await joinLogged(bob, roomId)
      const heard = async (): Promise<unknown> => {
        bobs.room.send(1, null)
        return (await bobs.next<RoomDataEvent>('data')).data
      }
      const resumed = ada.until('resumed')
      ada.cut()
      await resumed
      await bobs.next('back')
      expect(await heard()).toEqual(['drop Ada', 'resume Ada'])
      ada.setReachable(false)
      ada.cut()
      await bobs.next('departed')
      expect(await heard()).toEqual(['drop Ada', 'resume Ada', 'drop Ada', 'leave Ada dropped'])
    },
  )
})

describe('resume over UDP', () => {
  const quick = { heartbeatMs: 100, timeoutMs: 600 }

  it('a network that is gone for a while costs nothing', async () => {
    const relay = await startLossyRelay({ lossRate: 0.02, delayMs: 2, seed: 7 })
    const server = await startTestServer(
      { 'room.lua': ECHO },
      { session: quick, udp: { publicAddress: '127.0.0.1', publicPort: relay.port } },
    )
    relay.setTarget(server.server.udpPort)
    const client = new KaosClient(server.url, {
      username: 'Ada',
      transport: 'udp',
      udpTimeoutMs: 400,
      reconnect: { baseDelayMs: 5, maxDelayMs: 20 },
    })
    onTestFinished(() => client.close())
    const { sessionId } = await client.connect()
    const log = await joinLogged(client, await client.createRoom('room'))
    log.room.send(1, null)
    await expect.poll(() => numbersOf(log)).toEqual([1])
    const dropped = new Promise((resolve) => client.once('dropped', resolve))
    relay.setBlocked(true)
    log.room.send(2, null)
    await dropped
    log.room.send(3, null)
    const resumed = new Promise((resolve) => client.once('resumed', resolve))
    relay.setBlocked(false)
    await resumed
    log.room.send(4, null)
    await expect.poll(() => numbersOf(log)).toEqual([1, 2, 3, 4])
    expect(client.session).toMatchObject({ sessionId, transport: 'rudp' })
    expect(log.events.filter(({ kind }) => kind === 'closed')).toEqual([])
  })

  it('goes on over WebSocket when UDP stays blocked', async () => {
    const relay = await startLossyRelay({ lossRate: 0, delayMs: 1, seed: 7 })
    const server = await startTestServer(
      { 'room.lua': ECHO },
      { session: quick, udp: { publicAddress: '127.0.0.1', publicPort: relay.port } },
    )
    relay.setTarget(server.server.udpPort)
    const client = new KaosClient(server.url, { username: 'Ada', udpTimeoutMs: 200 })
    onTestFinished(() => client.close())
    const { sessionId } = await client.connect()
    const log = await joinLogged(client, await client.createRoom('room'))
    const resumed = new Promise((resolve) => client.once('resumed', resolve))
    relay.setBlocked(true)
    log.room.send(1, null)
    await resumed
    expect(client.session).toMatchObject({ sessionId, transport: 'websocket' })
    log.room.send(2, null)
    await expect.poll(() => numbersOf(log)).toEqual([1, 2])
  })
})

describe('tokens', () => {
  const received = (lane0: number): Uint8Array => encodeLaneCounts(new Map([[0, lane0]]))

  async function start(port: number): Promise<{ raw: RawClient; reply: ServerPayload<'SessionStart'> }> {
    const raw = await RawClient.connect(port)
    onTestFinished(() => raw.close())
    raw.send(encodeClientFrame('SessionStart', { id: 1, versions: [1] }))
    return { raw, reply: await raw.control('SessionStart') }
  }

  async function resume(port: number, token: string, lane0 = 0, attempt = 1): Promise<RawClient> {
    const raw = await RawClient.connect(port)
    onTestFinished(() => raw.close())
    const resume = { token, attempt, received: received(lane0) }
    raw.send(encodeClientFrame('SessionStart', { id: 1, versions: [1], resume }))
    return raw
  }

  const refusal = { id: 1, code: ErrorTable.RESUME_REFUSED.code, message: ErrorTable.RESUME_REFUSED.text }

  it('are unguessable, good once, and a session takes the newest connection', async () => {
    const { port, server } = await startTestServer({})
    const { raw: first, reply } = await start(port)
    expect(reply).toMatchObject({ resume_window_ms: 30_000 })
    expect(reply.resume_token).toMatch(/^[\w-]{43}$/)
    const second = await resume(port, reply.resume_token ?? '')
    const resumed = await second.control('SessionStart')
    expect(resumed).toMatchObject({ session: reply.session, is_resumed: true })
    expect(resumed.resume_token).not.toBe(reply.resume_token)
    expect(decodeLaneCounts(resumed.received ?? new Uint8Array())).toEqual(new Map([[0, 0]]))
    // The old connection still looked open.
    expect((await first.untilClosed()).code).toBe(4000 + ErrorTable.SESSION_REPLACED.code)
    expect(server.sessionCount).toBe(1)
    // As long as the second has not shown that it has the new token, the old one is good: the answer may be lost.
    second.send(encodeClientFrame('RoomList', { id: 2 }))
    await second.control('RoomList')
    const late = await resume(port, reply.resume_token ?? '')
    expect(await late.control('Error')).toMatchObject(refusal)
    // A fresh session may follow on the same connection.
    late.send(encodeClientFrame('SessionStart', { id: 2, versions: [1] }))
    expect((await late.control('SessionStart')).session).not.toBe(reply.session)
    expect(second.closed).toBeUndefined()
  })

  it('stay good while the answer that replaces them may have been lost', async () => {
    const { port } = await startTestServer({})
    const { raw, reply } = await start(port)
    raw.close()
    const lost = await resume(port, reply.resume_token ?? '')
    await lost.control('SessionStart')
    lost.close()
    const again = await resume(port, reply.resume_token ?? '', 0, 3)
    expect(await again.control('SessionStart')).toMatchObject({ session: reply.session, is_resumed: true })
    // A try that was given up, and comes late, must not take the session away from the one that succeeded.
    const late = await resume(port, reply.resume_token ?? '', 0, 2)
    expect(await late.control('Error')).toMatchObject(refusal)
  })

  it('that are forged, of another server, or of a session that is over are refused alike', async () => {
    const { port } = await startTestServer({}, { session: { resumeWindowMs: 50 } })
    const other = await startTestServer({})
    const foreign = await start(other.port)
    const ended = await start(port)
    ended.raw.send(encodeClientFrame('SessionEnd', { code: 0 }))
    await ended.raw.untilClosed()
    const expired = await start(port)
    expired.raw.close()
    await expect.poll(async () => (await resume(port, 'x')).control('Error')).toMatchObject(refusal)
    const late = new Promise((resolve) => setTimeout(resolve, 120))
    await late
    const tokens = [foreign, ended, expired].map(({ reply }) => reply.resume_token ?? '')
    for (const token of [...tokens, '', 'A'.repeat(43)]) {
      const raw = await resume(port, token)
      expect(await raw.control('Error')).toMatchObject(refusal)
    }
  })

  it('a client that claims more than was sent to it is refused', async () => {
    const { port } = await startTestServer({})
    const { reply } = await start(port)
    const raw = await resume(port, reply.resume_token ?? '', 5)
    expect(await raw.control('Error')).toMatchObject(refusal)
  })

  it('are not given where the window is 0, and a lost connection ends the session at once', async () => {
    const { port, server } = await startTestServer({}, { session: { resumeWindowMs: 0 } })
    const { raw, reply } = await start(port)
    expect([reply.resume_token, reply.resume_window_ms]).toEqual([undefined, undefined])
    raw.close()
    await expect.poll(() => server.sessionCount).toBe(0)
  })
})
