import { describe, expect, it } from 'vitest'
import type { SessionId } from '../../ids.ts'
import { Room } from '../../room/room.ts'
import { TickPhases } from '../../room/tick-phases.ts'
import type { CallerInfo, HookName, RoomEnd } from '../../room/room-host.ts'
import { moduleWorld, ROOM_ID, writeModules } from '../../testing/module-world.ts'
import { deferred } from '../../testing/promises.ts'

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
const ignore = (): void => {}

describe('RPCs', () => {
  it('answer with what the handler returns or resolves to', async () => {
    const { load } = moduleWorld(
      main(`rpcs: {
        now: (_ctx, payload) => ({ payload }),
        later: async (ctx) => ctx.username + ' of ' + ctx.vars.team + ' in ' + ctx.env.region,
        nothing() {},
        double: rpc(Number, (_ctx, value) => value * 2),
      }`),
      { scripts: { env: { region: 'eu' } } },
    )
    const scripts = await load()
    expect(scripts.rpcs).toEqual(new Set(['now', 'later', 'nothing', 'double']))
    expect(await scripts.invoke(rpc('now', [1]))).toEqual({ kind: 'value', value: { payload: [1] } })
    expect(await scripts.invoke(rpc('later'))).toEqual({ kind: 'value', value: 'Ada of red in eu' })
    expect(await scripts.invoke(rpc('nothing'))).toEqual({ kind: 'value', value: undefined })
    expect(await scripts.invoke(rpc('double', '21'))).toEqual({ kind: 'value', value: 42 })
  })

  it.each([
    ['throws', `() => { throw new Error('no gold') }`],
    ['rejects', `async () => { throw new Error('no gold') }`],
  ])('one that %s fails alone, logged with its stack and counted', async (_how, handler) => {
    const { load, log, stats } = moduleWorld(main(`rpcs: { buy: ${handler} }`))
    const scripts = await load()
    expect(await scripts.invoke(rpc('buy'))).toEqual({ kind: 'failed', error: 'no gold', code: 'RPC_FAILED' })
    expect(log.entries).toEqual([
      {
        level: 'error',
        fields: {
          rpc: 'buy',
          callback: 'rpc',
          error: 'no gold',
          stack: expect.stringMatching(/main\.ts:3:/),
        },
        message: 'script error',
      },
    ])
    expect(stats.scriptErrors).toEqual({ rpc: 1 })
    expect(stats.budgetKills).toEqual({})
  })

  it('names that objects have anyway are no RPCs', async () => {
    const { load } = moduleWorld(main('rpcs: {}'))
    const scripts = await load()
    expect(scripts.rpcs).toEqual(new Set())
    expect(await scripts.invoke(rpc('toString'))).toMatchObject({
      kind: 'failed',
      error: 'no rpc "toString" is registered',
    })
  })

  it('reach sessions and rooms; what they hand over is copied', async () => {
    const { load, services } = moduleWorld(
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
    services.onSignal = (id, data) => `${id.slice(-3)} heard ${data}`
    const scripts = await load()
    expect(await scripts.invoke(rpc('work'))).toEqual({
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
    const { load, log } = moduleWorld(
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
    const scripts = await load()
    expect(scripts.before).toEqual(new Set(['room_list', 'room_data']))
    expect(scripts.after).toEqual(new Set(['room_create']))
    const list = { module: 'duel', has_seat: false, limit: 3 }
    expect(await scripts.invoke(before('room_list', list))).toEqual({
      kind: 'value',
      value: { module: 'duel', has_seat: true },
    })
    const data = { room_id: 'r', op: 1, data: { room_id: 'inner' }, reliable: true }
    expect(await scripts.invoke(before('room_data', data))).toEqual({
      kind: 'value',
      value: { ...data, reliable: false },
    })
    expect(await scripts.invoke(after('room_create', { module: 'duel', room_id: 'r' }))).toEqual({
      kind: 'value',
      value: undefined,
    })
    expect(log.messages('info')).toEqual([
      '{"roomId":"r","op":1,"data":{"room_id":"inner"},"isReliable":true}',
      'made r',
    ])
    expect(data.reliable).toBe(true)
  })

  it('of room data have bytes of their own, whatever becomes of the frame', async () => {
    const { load } = moduleWorld(
      main('before: { roomData: async (_ctx, message) => Promise.resolve().then(() => message) }'),
    )
    const scripts = await load()
    const frame = Buffer.from([1, 2, 3])
    const outcome = scripts.invoke(before('room_data', { op: 1, data: frame, reliable: true }))
    frame.fill(0)
    expect(await outcome).toEqual({
      kind: 'value',
      value: { op: 1, data: new Uint8Array([1, 2, 3]), reliable: true },
    })
  })

  it.each<[string, unknown]>([
    [`reject('you are banned')`, { kind: 'rejected', reason: 'you are banned' }],
    ['reject()', { kind: 'rejected', reason: undefined }],
    ['undefined', { kind: 'rejected', reason: undefined }],
    ['null', { kind: 'rejected', reason: undefined }],
    ['Promise.resolve(reject("later"))', { kind: 'rejected', reason: 'later' }],
    ['3', { kind: 'failed', error: 'the before-hook of room_join returned no message', code: 'HOOK_FAILED' }],
    ['(() => { throw new Error("boom") })()', { kind: 'failed', error: 'boom', code: 'HOOK_FAILED' }],
  ])('a before-hook that returns %s', async (answer, outcome) => {
    const { load } = moduleWorld(main(`before: { roomJoin: () => ${answer} as never }`))
    const scripts = await load()
    expect(await scripts.invoke(before('room_join', { room_id: 'r' }))).toEqual(outcome)
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
    const { dir, load } = moduleWorld(counter(1))
    const first = await load('v1')
    const old = first.createMatch(ROOM_ID, 'counter', ignore)
    expect(old.init({})).toMatchObject({ label: 'v1' })
    writeModules(dir, counter(10))
    const second = await load('v2')
    const fresh = second.createMatch(ROOM_ID, 'counter', ignore)
    expect(fresh.init({})).toMatchObject({ label: 'v2' })
    for (const match of [old, fresh]) match.loop(tick, [])
    expect([old.signal(null), fresh.signal(null)]).toMatchObject([{ sum: 1 }, { sum: 10 }])
  })

  it('a load that fails changes nothing', async () => {
    const { dir, load } = moduleWorld({ ...counter(1), ...main(`rpcs: { which: () => 'first' }`) })
    const first = await load('v1')
    writeModules(dir, { ...main(`rpcs: { which: () => 'second' }`), 'counter.ts': 'oh no' })
    await expect(load('v2')).rejects.toThrow('counter.ts cannot be loaded')
    expect(await first.invoke(rpc('which'))).toEqual({ kind: 'value', value: 'first' })
    expect(first.createMatch(ROOM_ID, 'counter', ignore).init({})).toMatchObject({ label: 'v1' })
  })

  it('have state and random numbers of their own', async () => {
    const { load } = moduleWorld(counter(1))
    const scripts = await load()
    const [one, two] = [
      scripts.createMatch(ROOM_ID, 'counter', ignore),
      scripts.createMatch(ROOM_ID, 'counter', ignore),
    ]
    for (const match of [one, two]) match.init({})
    one.loop(tick, [])
    const states = [one.signal(null), two.signal(null)] as { sum: number; random: number }[]
    expect(states.map(({ sum }) => sum)).toEqual([1, 0])
    expect(states[0]?.random).not.toBe(states[1]?.random)
  })

  it('a throw ends that room and no other', async () => {
    const { load, clock } = moduleWorld(counter(1))
    const scripts = await load()
    const told: string[] = []
    const start = () => {
      const match = scripts.createMatch(ROOM_ID, 'counter', (member, message) =>
        told.push(`${member} ${message}`),
      )
      const ends: RoomEnd[] = []
      const room = new Room({
        id: ROOM_ID,
        module: 'counter',
        createdUnixMs: 0,
        clock,
        handler: match,
        defaults: { tickHz: 10, maxPlayers: 8, emptyTimeoutMs: 0, inputQueue: 8, labelBytes: 2_048 },
        isFatal: () => true,
        observer: {
          joinAccepted() {},
          joinRejected() {},
          scriptFailed: (callback) => told.push(callback),
          kicked() {},
          traitsChanged() {},
          labelRefused() {},
          ended: (end) => ends.push(end),
        },
        ticks: { ticked() {} },
        sink: { data() {}, state() {} },
      })
      void room.start({}, new TickPhases())
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
    const { load } = moduleWorld(counter(1))
    const scripts = await load()
    expect(scripts.modules).toEqual(new Set(['counter']))
    expect(() => scripts.createMatch(ROOM_ID, 'none', ignore)).toThrow('there is no match module "none"')
    expect(() => scripts.createMatch(ROOM_ID, 'toString', ignore)).toThrow('no match module "toString"')
  })
})

describe('the bound on calls under way', () => {
  const counting = main('rpcs: { wait: (_ctx, gate) => gate }')

  it('refuses what is beyond it, and only that', async () => {
    const { load, log, stats } = moduleWorld(counting, { scripts: { callQueue: 2 } })
    const scripts = await load()
    const gates = [deferred<string>(), deferred<string>()]
    const outcomes = gates.map(({ promise }) => scripts.invoke(rpc('wait', promise)))
    expect(scripts.usage()).toEqual({ vms: 0, busyVms: 2, queued: 0, memoryBytes: 0 })
    expect(await scripts.invoke(rpc('wait'))).toEqual({
      kind: 'failed',
      error: 'too many RPCs and hooks are being run',
      code: 'TOO_MANY_REQUESTS',
    })
    expect(await scripts.invoke(before('room_join', {}))).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect(stats.budgetKills).toEqual({})
    expect([stats.scriptErrors, log.entries]).toEqual([{}, []])
    gates[0]?.resolve('first')
    expect(await outcomes[0]).toEqual({ kind: 'value', value: 'first' })
    expect(await scripts.invoke(rpc('wait', 3))).toEqual({ kind: 'value', value: 3 })
    gates[1]?.resolve('second')
    expect(await outcomes[1]).toEqual({ kind: 'value', value: 'second' })
    expect(scripts.usage().busyVms).toBe(0)
  })

  it('has the place of a call that never ends back once nobody waits for it any more', async () => {
    const { load, clock } = moduleWorld(counting, { scripts: { callQueue: 1 } })
    const scripts = await load()
    const gate = deferred<string>()
    const outcome = scripts.invoke(rpc('wait', gate.promise))
    clock.advance(10_000)
    expect(scripts.usage().busyVms).toBe(0)
    expect(await scripts.invoke(rpc('wait', 3))).toEqual({ kind: 'value', value: 3 })
    gate.resolve('late')
    expect(await outcome).toEqual({ kind: 'value', value: 'late' })
    expect(scripts.usage().busyVms).toBe(0)
  })

  it('counts calls that failed as ended', async () => {
    const { load } = moduleWorld(counting, { scripts: { callQueue: 1 } })
    const scripts = await load()
    for (let round = 0; round < 3; round++) {
      const gate = deferred()
      const outcome = scripts.invoke(rpc('wait', gate.promise))
      gate.reject(new Error('no gold'))
      expect(await outcome).toMatchObject({ error: 'no gold', code: 'RPC_FAILED' })
      expect(await scripts.invoke(rpc('none'))).toMatchObject({ code: 'RPC_FAILED' })
    }
    expect(scripts.usage().busyVms).toBe(0)
  })
})

describe('versions', () => {
  it('a call goes on, and rooms live on, in scripts that are retired', async () => {
    const { load } = moduleWorld(main('rpcs: { wait: async (ctx, gate) => [await gate, ctx.version] }'))
    const old = await load('v1')
    const gate = deferred<string>()
    const outcome = old.invoke(rpc('wait', gate.promise))
    await load('v2')
    old.retire()
    gate.resolve('done')
    expect(await outcome).toEqual({ kind: 'value', value: ['done', 'v1'] })
  })

  it('are those of the bundle', async () => {
    const { load } = moduleWorld({})
    expect(await load('abc')).toMatchObject({ version: 'abc', hasEntry: false })
  })

  it('without a folder there is none', async () => {
    const { language } = moduleWorld({})
    expect(await language.load({ version: 'v1', lua: {}, modulesDir: undefined })).toBeUndefined()
  })
})
