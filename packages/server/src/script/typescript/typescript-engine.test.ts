import { describe, expect, it } from 'vitest'
import type { SessionId } from '../../ids.ts'
import type { MatchHandler } from '../../room/match-handler.ts'
import { Room } from '../../room/room.ts'
import type { CallerInfo, HookName, RoomEnd } from '../../room/room-host.ts'
import { moduleWorld, ROOM_ID, writeModules } from '../../testing/module-world.ts'
import { readMetric } from '../../testing/read-metric.ts'

const caller: CallerInfo = {
  sessionId: '0000000000000001' as SessionId,
  userId: 'user-1',
  username: 'Ada',
  vars: { team: 'red' },
  isAuthenticated: true,
  clientAddress: '127.0.0.1',
  transport: 'websocket',
}

/** An entry module with what `body` says. */
const main = (body: string) => ({
  'main.ts': `
import { defineScripts, reject, rpc } from '@kaosnet/server/script'
export default defineScripts({ ${body} })`,
})

const rpc = (name: string, payload: unknown = null) => ({ kind: 'rpc', name, caller, payload }) as const
const before = (name: HookName, message: unknown) => ({ kind: 'before', name, caller, message }) as const
const after = (name: HookName, message: unknown) => ({ kind: 'after', name, caller, message }) as const

describe('RPCs', () => {
  it('answer with what the handler returns or resolves to', async () => {
    const { engine, load } = moduleWorld(
      main(`rpcs: {
        now: (_ctx, payload) => ({ payload }),
        later: async (ctx) => ctx.username + ' of ' + ctx.vars.team + ' in ' + ctx.env.region,
        nothing() {},
        double: rpc(Number, (_ctx, value) => value * 2),
      }`),
      { scripts: { env: { region: 'eu' } } },
    )
    const manifest = await load()
    expect(manifest.rpcs).toEqual(new Set(['now', 'later', 'nothing', 'double']))
    expect(await engine.invoke(rpc('now', [1]))).toEqual({ kind: 'value', value: { payload: [1] } })
    expect(await engine.invoke(rpc('later'))).toEqual({ kind: 'value', value: 'Ada of red in eu' })
    expect(await engine.invoke(rpc('nothing'))).toEqual({ kind: 'value', value: undefined })
    expect(await engine.invoke(rpc('double', '21'))).toEqual({ kind: 'value', value: 42 })
  })

  it.each([
    ['throws', `() => { throw new Error('no gold') }`],
    ['rejects', `async () => { throw new Error('no gold') }`],
  ])('one that %s fails alone, logged with its stack and counted', async (_how, handler) => {
    const { engine, load, log, metrics } = moduleWorld(main(`rpcs: { buy: ${handler} }`))
    await load()
    expect(await engine.invoke(rpc('buy'))).toEqual({ kind: 'failed', error: 'no gold', isOverBudget: false })
    expect(log.entries).toEqual([
      {
        level: 'error',
        fields: { rpc: 'buy', error: 'no gold', stack: expect.stringMatching(/main\.ts:3:/) },
        message: 'script error',
      },
    ])
    expect(await readMetric(metrics, 'kaosnet_script_errors_total', { callback: 'rpc' })).toBe(1)
  })

  it('names that objects have anyway are no RPCs', async () => {
    const { engine, load } = moduleWorld(main('rpcs: {}'))
    expect((await load()).rpcs).toEqual(new Set())
    expect(await engine.invoke(rpc('toString'))).toMatchObject({
      kind: 'failed',
      error: 'no rpc "toString" is registered',
    })
  })

  it('reach sessions and rooms; what they hand over is copied', async () => {
    const { engine, load, services } = moduleWorld(
      main(`rpcs: {
        work(ctx) {
          const params = { map: 'harbour' }
          const id = ctx.rooms.create('duel', params)
          params.map = 'changed'
          ctx.rooms.send(id, 7, 'hello', { to: ctx.sessionId })
          ctx.rooms.kick(id, ctx.sessionId)
          ctx.rooms.list({ module: 'duel' })
          ctx.sessions.kick(ctx.sessionId, 'bye')
          return [ctx.rooms.signal(id, 'ping'), ctx.sessions.get('x'), ctx.rooms.get(id)]
        },
      }`),
    )
    await load((id, data) => `${id.slice(-3)} heard ${data}`)
    expect(await engine.invoke(rpc('work'))).toEqual({
      kind: 'value',
      value: ['101 heard ping', undefined, undefined],
    })
    expect(services.params).toEqual([{ map: 'harbour' }])
    expect(services.calls).toEqual([
      'create duel',
      'send 7 to 101',
      'kick 0000000000000001 of 101 kicked',
      'list {"module":"duel"}',
      'kick 0000000000000001 bye',
    ])
  })
})

describe('hooks', () => {
  it('see and return messages with their TypeScript names', async () => {
    const { engine, load, log } = moduleWorld(
      main(`
      before: {
        roomList: (_ctx, message) => ({ ...message, hasSeat: !message.hasSeat, limit: undefined }),
        async roomData(ctx, message) {
          ctx.log.info(JSON.stringify(message))
          message.isReliable = false
          return message
        },
      },
      after: { roomCreate: async (ctx, message) => ctx.log.info('made ' + message.roomId) }`),
    )
    const manifest = await load()
    expect(manifest.before).toEqual(new Set(['room_list', 'room_data']))
    expect(manifest.after).toEqual(new Set(['room_create']))
    const list = { module: 'duel', has_seat: false, limit: 3 }
    expect(await engine.invoke(before('room_list', list))).toEqual({
      kind: 'value',
      value: { module: 'duel', has_seat: true },
    })
    const data = { room_id: 'r', op: 1, data: { room_id: 'inner' }, reliable: true }
    expect(await engine.invoke(before('room_data', data))).toEqual({
      kind: 'value',
      value: { ...data, reliable: false },
    })
    expect(await engine.invoke(after('room_create', { module: 'duel', room_id: 'r' }))).toEqual({
      kind: 'value',
      value: undefined,
    })
    expect(log.messages('info')).toEqual([
      '{"roomId":"r","op":1,"data":{"room_id":"inner"},"isReliable":true}',
      'made r',
    ])
    expect(data.reliable).toBe(true)
  })

  it.each<[string, unknown]>([
    [`reject('you are banned')`, { kind: 'rejected', reason: 'you are banned' }],
    ['reject()', { kind: 'rejected', reason: undefined }],
    ['undefined', { kind: 'rejected', reason: undefined }],
    ['null', { kind: 'rejected', reason: undefined }],
    ['Promise.resolve(reject("later"))', { kind: 'rejected', reason: 'later' }],
    ['3', { kind: 'failed', error: 'the before-hook of room_join returned no message', isOverBudget: false }],
    ['(() => { throw new Error("boom") })()', { kind: 'failed', error: 'boom', isOverBudget: false }],
  ])('a before-hook that returns %s', async (answer, outcome) => {
    const { engine, load } = moduleWorld(main(`before: { roomJoin: () => ${answer} as never }`))
    await load()
    expect(await engine.invoke(before('room_join', { room_id: 'r' }))).toEqual(outcome)
  })
})

describe('rooms', () => {
  const counter = (step: number) => ({
    'counter.ts': `
import { defineRoom } from '@kaosnet/server/script'
import { step } from './_step.ts'
export default defineRoom({
  receives: { 1: (data) => { if (data !== 'go') throw new Error('say go'); return data } },
  init: (room) => ({ state: { sum: 0, random: room.random() }, label: room.version }),
  loop(room, state, messages) {
    state.sum += step
    if (messages.length > 0) throw new Error('gone')
  },
  signal: (_room, state) => state,
})`,
    '_step.ts': `export const step = ${step}`,
  })
  const tick = { tick: 1, dtSeconds: 1, skipped: 0 }

  it('keep the modules they began with when others are loaded', async () => {
    const { dir, engine, load } = moduleWorld(counter(1))
    const first = await load()
    const old = engine.createMatch(ROOM_ID, 'counter')
    expect(old.init({})).toMatchObject({ label: first.version })
    writeModules(dir, counter(10))
    const second = await load()
    const fresh = engine.createMatch(ROOM_ID, 'counter')
    expect(fresh.init({})).toMatchObject({ label: second.version })
    for (const match of [old, fresh]) match.loop(tick, [])
    expect([old.signal(null), fresh.signal(null)]).toMatchObject([{ sum: 1 }, { sum: 10 }])
    expect(engine.version).toBe(second.version)
    expect(second.version).not.toBe(first.version)
  })

  it('a load that fails changes nothing', async () => {
    const { dir, engine, load } = moduleWorld({ ...counter(1), ...main(`rpcs: { which: () => 'first' }`) })
    const first = await load()
    writeModules(dir, { ...main(`rpcs: { which: () => 'second' }`), 'counter.ts': 'oh no' })
    await expect(load()).rejects.toThrow('counter.ts cannot be loaded')
    expect(engine.version).toBe(first.version)
    expect(await engine.invoke(rpc('which'))).toEqual({ kind: 'value', value: 'first' })
    expect(engine.createMatch(ROOM_ID, 'counter').init({})).toMatchObject({ label: first.version })
  })

  it('have state and random numbers of their own', async () => {
    const { engine, load } = moduleWorld(counter(1))
    await load()
    const [one, two] = [engine.createMatch(ROOM_ID, 'counter'), engine.createMatch(ROOM_ID, 'counter')]
    for (const match of [one, two]) match.init({})
    one.loop(tick, [])
    const states = [one.signal(null), two.signal(null)] as { sum: number; random: number }[]
    expect(states.map(({ sum }) => sum)).toEqual([1, 0])
    expect(states[0]?.random).not.toBe(states[1]?.random)
  })

  it('a throw ends that room and no other', async () => {
    const { engine, load, clock } = moduleWorld(counter(1))
    await load()
    const told: string[] = []
    const start = () => {
      const match = engine.createMatch(ROOM_ID, 'counter', (member, message) =>
        told.push(`${member} ${message}`),
      )
      const ends: RoomEnd[] = []
      const room = new Room({
        id: ROOM_ID,
        module: 'counter',
        clock,
        handler: match as MatchHandler,
        defaults: { tickHz: 10, maxPlayers: 8, emptyTimeoutMs: 0, inputQueue: 8 },
        onScriptError: 'end',
        observer: {
          joinAccepted() {},
          joinRejected() {},
          scriptFailed: (callback) => told.push(callback),
          ticked() {},
          ended: (end) => ends.push(end),
        },
      })
      room.start({}, 0)
      room.join({ member: 1, sessionId: caller.sessionId, userId: '', username: '', metadata: undefined })
      return { room, ends }
    }
    const [bad, good] = [start(), start()]
    const message = (text: string) => ({
      op: 1,
      data: Buffer.from(text),
      isReliable: true,
      isMessagePack: false,
    })
    good.room.input(1, message('bytes are not "go"'))
    bad.room.input(1, { ...message(''), data: Buffer.from([0xa2, 0x67, 0x6f]), isMessagePack: true })
    clock.advance(100)
    for (const { room } of [bad, good]) room.runTick(clock.nowMs())
    expect(bad.ends).toEqual([{ reason: 'failed', error: 'match_loop: gone' }])
    expect([good.ends, good.room.state]).toEqual([[], 'running'])
    expect(told).toEqual(['match_loop', '1 op 1: say go'])
  })

  it('a module that is not there is an error', async () => {
    const { engine, load } = moduleWorld(counter(1))
    const manifest = await load()
    expect(['counter', 'main', '_step', 'toString'].map((name) => manifest.hasMatchModule(name))).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(() => engine.createMatch(ROOM_ID, 'none')).toThrow('there is no match module "none"')
  })
})

describe('an engine that is not loaded', () => {
  it('fails calls and makes no rooms', async () => {
    const { engine } = moduleWorld({})
    expect(engine.version).toBeUndefined()
    expect(await engine.invoke(rpc('add'))).toMatchObject({
      kind: 'failed',
      error: 'the modules are not loaded',
    })
    expect(() => engine.createMatch(ROOM_ID, 'arena')).toThrow('the modules are not loaded')
  })
})
