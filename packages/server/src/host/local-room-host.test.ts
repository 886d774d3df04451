import { LuaError } from '@kaosnet/lua'
import { decodeRoomData, FrameReader, type KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import type { RoomId, SessionId } from '../ids.ts'
import { NO_SCRIPTS } from '../script/loaded-scripts.ts'
import type { MatchInit } from '../room/match-handler.ts'
import type { MemberInfo, RoomInput, RoomSpec } from '../room/room-host.ts'
import type { OutgoingRoomData } from '../script/script-services.ts'
import { recordingNode } from '../testing/fake-node-calls.ts'
import { FakeScriptLanguage } from '../testing/fake-script-language.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { deferred, settled } from '../testing/promises.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import type { HostReport, ModuleReport } from './host-report.ts'
import { HostServices } from './host-services.ts'
import { HostStats } from './host-stats.ts'
import { LocalRoomHost } from './local-room-host.ts'

interface World {
  readonly host: LocalRoomHost
  readonly language: FakeScriptLanguage
  readonly services: HostServices
  readonly clock: ManualClock
  readonly log: ReturnType<typeof recordingLogger>
  /** What the host told, one line each. */
  readonly told: string[]
  report(): HostReport
  moduleReport(module: string): ModuleReport | undefined
}

const NEW_VERSION = { ...NO_SCRIPTS, version: 'v2' }

async function world(config: ServerConfigInput = {}, isActivated = true): Promise<World> {
  const clock = new ManualClock()
  const log = recordingLogger()
  const language = new FakeScriptLanguage()
  const services = new HostServices(recordingNode())
  const parts = { clock, logger: log, stats: new HostStats(), services, language }
  const host = new LocalRoomHost({ index: 3, config: resolveConfig({ options: config }), ...parts })
  const told: string[] = []
  const tell = (id: RoomId, text: string): void => {
    told.push(`${number(id)} ${text}`)
  }
  await host.start({
    roomRunning: (id, { label, tickHz }) => tell(id, `running ${label} ${tickHz}`),
    roomEnded: (id, { reason, error }) =>
      tell(id, error === undefined ? `ended ${reason}` : `ended ${reason}: ${error}`),
    joinAccepted: (id, member) => tell(id, `accepted ${member}`),
    joinRejected: (id, member, reason) => tell(id, `rejected ${member}: ${reason}`),
    inputRefused: (id, member, { error }) => tell(id, `refused input of ${member}: ${error}`),
    roomData: (id, frame, isReliable, receivers) =>
      tell(id, `data ${decodeRoomDataFrame(frame)} ${isReliable} to ${receivers ?? 'all'}`),
    roomState: (id) => tell(id, 'state'),
    memberKicked: (id, member, reason) => tell(id, `kicked ${member}: ${reason}`),
    traitsChanged: (id, { label, version }) => tell(id, `traits ${label} ${version}`),
  })
  if (isActivated) {
    await host.prepare({ ...NO_SCRIPTS, version: 'v1' })
    host.activate()
  }
  const report = (): HostReport => {
    const [first, ...others] = host.reports()
    if (first === undefined || others.length > 0) throw new Error('a host in one thread has one report')
    return first
  }
  return {
    host,
    language,
    services,
    clock,
    log,
    told,
    report,
    moduleReport: (module) => report().modules.find((one) => one.module === module),
  }
}

/** A room of the module `game`, unless another is named. */
function spec(number: number, module = 'game'): RoomSpec {
  return { id: roomId(number), module, params: {}, createdUnixMs: 1_000 }
}

function roomId(number: number): RoomId {
  return `00000000-0000-4000-8000-${number.toString().padStart(12, '0')}` as RoomId
}

function number(id: RoomId): number {
  return Number(id.slice(-12))
}

function player(member: number): MemberInfo {
  const sessionId = member.toString(16).padStart(16, '0') as SessionId
  return { member, sessionId, userId: '', username: '', metadata: undefined }
}

const input: RoomInput = { op: 1, data: new Uint8Array([1]), isReliable: true, isMessagePack: false }

function kaosError(error: KaosError['error']): unknown {
  return expect.objectContaining({ error })
}

function decodeRoomDataFrame(frame: Uint8Array): string {
  const reader = new FrameReader()
  reader.reset(frame)
  reader.next()
  return Buffer.from(decodeRoomData(reader.payload()).data).toString()
}

function outgoing(text: string, receivers?: readonly SessionId[]): OutgoingRoomData {
  const data = Buffer.from(text)
  return { op: 9, data, isMessagePack: false, isReliable: true, sender: undefined, receivers }
}

const traits: MatchInit = {
  tickHz: undefined,
  label: 'late',
  maxPlayers: undefined,
  emptyTimeoutMs: undefined,
}

describe('LocalRoomHost', () => {
  it('starts a room after the callback that asked for it', async () => {
    const { host, clock, told, language } = await world()
    host.createRoom(spec(1))
    expect([told, language.matches]).toEqual([[], []])
    clock.turn()
    expect(told).toEqual(['1 running test 10'])
    expect(language.matches[0]?.calls).toEqual(['init'])
  })

  it('uses the configuration for what match_init leaves open', async () => {
    const { host, clock, told, language } = await world({ rooms: { tickHz: 25 } })
    language.games.set('game', {
      init: () => ({ tickHz: undefined, label: '', maxPlayers: undefined, emptyTimeoutMs: undefined }),
    })
    host.createRoom(spec(1))
    clock.turn()
    expect(told).toEqual(['1 running  25'])
  })

  it('tells, counts and logs a module that cannot be loaded', async () => {
    const { host, clock, told, log, report } = await world()
    host.createRoom(spec(1, 'missing'))
    clock.turn()
    expect(told).toEqual(['1 ended init-failed: no module "missing"'])
    expect(log.entries).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({
          roomId: roomId(1),
          module: 'missing',
          error: 'no module "missing"',
        }),
      }),
    )
    expect(report().scriptErrors).toEqual({ load: 1 })
  })

  it('tells, counts and logs a match_init that throws, and schedules nothing', async () => {
    const { host, clock, told, log, report, language } = await world()
    language.games.set('game', {
      init: () => {
        throw new Error('boom')
      },
    })
    host.createRoom(spec(1))
    clock.turn()
    expect(told).toEqual(['1 ended init-failed: boom'])
    expect(log.messages('error')).toEqual(['script error'])
    expect(report().scriptErrors).toEqual({ match_init: 1 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('passes joins, input and leaves to their room, and ignores rooms it does not have', async () => {
    const { host, clock, told, language } = await world()
    host.createRoom(spec(1))
    host.createRoom(spec(2))
    clock.turn()
    told.length = 0
    host.join(roomId(2), player(5))
    host.leave(roomId(2), 5, 'left')
    host.join(roomId(3), player(5))
    host.input(roomId(3), 5, input)
    host.leave(roomId(3), 5, 'left')
    host.endRoom(roomId(3), 'closed', 0)
    clock.turn()
    expect(told).toEqual(['2 accepted 5'])
    expect(language.matches.map(({ calls }) => calls)).toEqual([
      ['init'],
      ['init', 'attempt 5', 'join 5', 'leave 5 left'],
    ])
  })

  it('tells of input that a full queue did not take', async () => {
    const { host, clock, told, report } = await world({ limits: { roomInputQueue: 2 } })
    host.createRoom(spec(1))
    clock.turn()
    host.join(roomId(1), player(5))
    told.length = 0
    for (let i = 0; i < 3; i++) host.input(roomId(1), 5, input)
    expect(told).toEqual(['1 refused input of 5: ROOM_BUSY'])
    expect(report().queuedInputs).toBe(2)
  })

  it('ticks every room, and measures it', async () => {
    const { host, clock, moduleReport, language } = await world()
    for (let n = 1; n <= 3; n++) host.createRoom(spec(n))
    clock.advance(2_000)
    for (const { calls } of language.matches) expect(calls.length).toBeGreaterThanOrEqual(1 + 19)
    const ticks = language.matches.reduce((sum, { calls }) => sum + calls.length - 1, 0)
    const figures = moduleReport('game')
    expect(figures).toMatchObject({ rooms: 3, ticks, skippedTicks: 0 })
    const count = (counts: readonly number[] = []): number => counts.reduce((sum, one) => sum + one, 0)
    expect(count(figures?.lateness.counts)).toBe(ticks)
    expect(count(figures?.duration.counts)).toBe(ticks)
  })

  it('spreads the ticks of rooms that start together over the period', async () => {
    const { host, clock, language } = await world()
    const firstTicks: number[] = []
    language.games.set('game', {
      loop: ({ tick }) => {
        if (tick === 1) firstTicks.push(clock.nowMs())
        return true
      },
    })
    const rooms = 48
    for (let n = 1; n <= rooms; n++) host.createRoom(spec(n))
    clock.advance(1_000)
    expect(firstTicks).toHaveLength(rooms)
    // Eight moments of the period of 100 ms, evenly apart and evenly full, for a wake-up costs more than a tick.
    const moments = [...new Set(firstTicks)]
    expect(moments.map((atMs) => firstTicks.filter((other) => other === atMs).length)).toEqual(
      new Array(8).fill(6),
    )
    for (const [index, atMs] of moments.slice(1).entries()) {
      expect(atMs - (moments[index] as number)).toBeCloseTo(12.5)
    }
  })

  it('ends one room for its error and leaves the others alone', async () => {
    const { host, clock, told, log, report, language } = await world()
    language.games.set('bad', {
      loop: ({ tick }) => {
        if (tick === 3) throw new Error('boom')
        return true
      },
    })
    host.createRoom(spec(1, 'bad'))
    host.createRoom(spec(2))
    clock.advance(1_000)
    expect(told).toContain('1 ended failed: match_loop: boom')
    expect(log.entries).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'script error',
        fields: expect.objectContaining({ callback: 'match_loop', module: 'bad', error: 'boom' }),
      }),
    )
    expect(report().scriptErrors).toEqual({ match_loop: 1 })
    expect(language.matches[0]?.calls).toEqual(['init', 'loop 1', 'loop 2', 'loop 3', 'close'])
    expect(language.matches[1]?.calls).toContain('loop 9')
  })

  it('keeps a room going after an error when the configuration says so', async () => {
    const { host, clock, told, language } = await world({ rooms: { onScriptError: 'continue' } })
    language.games.set('game', {
      loop: () => {
        throw new Error('boom')
      },
    })
    host.createRoom(spec(1))
    clock.advance(500)
    expect(told).toEqual(['1 running test 10'])
    expect(language.matches[0]?.calls).toContain('loop 4')
  })

  it('signals a room, and says when there is no such room', async () => {
    const { host, clock, language } = await world()
    language.games.set('game', { signal: (data) => `pong ${String(data)}` })
    host.createRoom(spec(1))
    clock.turn()
    expect(await host.signal(roomId(1), 'ping')).toBe('pong ping')
    expect(host.signalNow(roomId(1), 'now')).toBe('pong now')
    await expect(host.signal(roomId(2), 'ping')).rejects.toThrow(kaosError('ROOM_NOT_FOUND'))
    expect(() => host.signalNow(roomId(2), 'now')).toThrow(kaosError('ROOM_NOT_FOUND'))
  })

  it('ends a room when told to', async () => {
    const { host, clock, told, language } = await world()
    language.games.set('game', { terminate: () => true })
    host.createRoom(spec(1))
    clock.turn()
    host.endRoom(roomId(1), 'shutdown', 1)
    clock.advance(500)
    expect(told).toEqual(['1 running test 10'])
    clock.advance(700)
    expect(told).toEqual(['1 running test 10', '1 ended shutdown'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends a room that was told to end before it had started', async () => {
    const { host, clock, told, language } = await world()
    host.createRoom(spec(1))
    host.endRoom(roomId(1), 'shutdown', 5)
    clock.turn()
    expect(told).toEqual(['1 running test 10', '1 ended shutdown'])
    expect(language.matches[0]?.calls).toEqual(['init', 'terminate 5', 'close'])
  })

  it('passes RPCs and hooks to the scripts', async () => {
    const { host, language } = await world()
    const caller = {
      sessionId: '0000000000000001' as SessionId,
      userId: 'u',
      username: 'n',
      vars: {},
      isAuthenticated: false,
      clientAddress: '203.0.113.1',
      transport: 'memory',
    }
    const call = { kind: 'rpc', name: 'echo', caller, payload: 'x' } as const
    expect(await host.invoke(call)).toEqual({ kind: 'value', value: 'echo of v1' })
    expect(language.newest.calls).toEqual([call])
  })

  it('closes everything once, and leaves no timer', async () => {
    const { host, clock, told, language } = await world()
    for (let n = 1; n <= 3; n++) host.createRoom(spec(n))
    clock.turn()
    told.length = 0
    host.createRoom(spec(4))
    await host.close()
    await host.close()
    clock.advance(1_000)
    expect(told).toEqual(['1 ended closed', '2 ended closed', '3 ended closed'])
    expect(language.matches.map(({ calls }) => calls)).toEqual(Array(3).fill(['init', 'close']))
    expect([language.closed, language.newest.retired, clock.pendingTimers]).toEqual([1, 1, 0])
  })
})

describe('what rooms of a host send and change', () => {
  it('is told with the number of the member, not of the session', async () => {
    const { host, services, clock, told } = await world()
    host.createRoom(spec(1))
    clock.turn()
    for (const member of [5, 6]) host.join(roomId(1), player(member))
    told.length = 0
    services.roomSend(roomId(1), outgoing('to all'))
    services.roomSend(roomId(1), outgoing('to one', [player(6).sessionId]))
    services.roomPublishState(roomId(1), new Uint8Array([1]), false)
    services.roomLabelUpdate(roomId(1), 'new')
    services.roomKick(roomId(1), player(5).sessionId, 'cheating')
    expect(told).toEqual([
      '1 data to all true to all',
      '1 data to one true to 6',
      '1 state',
      '1 traits new v1',
      '1 kicked 5: cheating',
    ])
  })

  it('is over when the room has ended', async () => {
    const { host, services, clock, told } = await world()
    host.createRoom(spec(1))
    clock.turn()
    host.endRoom(roomId(1), 'closed', 0)
    told.length = 0
    services.roomSend(roomId(1), outgoing('late'))
    expect(() => services.roomPublishState(roomId(1), new Uint8Array([1]), false)).toThrow(
      kaosError('ROOM_NOT_FOUND'),
    )
    expect([told, services.rooms.size]).toEqual([[], 0])
  })
})

describe('versions of scripts in a host', () => {
  it('say what they have when they are prepared, and run once they are activated', async () => {
    const { host, clock, services } = await world()
    host.createRoom(spec(1))
    clock.turn()
    expect(await host.prepare(NEW_VERSION)).toEqual({
      version: 'v2',
      rpcs: new Set(['echo']),
      before: new Set(['rpc']),
      after: new Set(['room_join']),
      modules: new Set(['game']),
    })
    host.createRoom(spec(2))
    clock.turn()
    host.activate()
    host.createRoom(spec(3))
    clock.turn()
    expect([1, 2, 3].map((n) => services.roomGet(roomId(n))?.version)).toEqual(['v1', 'v1', 'v2'])
  })

  it('leave rooms that run alone, and retire once when another takes over', async () => {
    const { host, clock, language } = await world()
    host.createRoom(spec(1))
    clock.advance(500)
    await host.prepare(NEW_VERSION)
    host.activate()
    host.activate()
    clock.advance(500)
    expect(language.loaded.map(({ retired }) => retired)).toEqual([1, 0])
    expect(language.matches[0]?.calls).toContain('loop 9')
  })

  it('change nothing when they cannot be loaded, and say why', async () => {
    const { host, clock, language, log, report, services } = await world()
    language.onLoad = () => {
      throw new Error('syntax error in main.lua')
    }
    await expect(host.prepare(NEW_VERSION)).rejects.toThrow('syntax error in main.lua')
    host.activate()
    host.createRoom(spec(1))
    clock.turn()
    expect(services.roomGet(roomId(1))?.version).toBe('v1')
    expect(language.newest.retired).toBe(0)
    expect(report().scriptErrors).toEqual({ load: 1 })
    // Whoever asked for it says what went wrong.
    expect(log.messages('error')).toEqual([])
  })

  it('that were prepared and never activated are retired', async () => {
    const { host, language } = await world()
    await host.prepare(NEW_VERSION)
    await host.prepare({ ...NEW_VERSION, version: 'v3' })
    expect(language.loaded.map(({ retired }) => retired)).toEqual([0, 1, 0])
    await host.close()
    expect(language.loaded.map(({ retired }) => retired)).toEqual([1, 1, 1])
  })

  it('are needed for a room to start', async () => {
    const { host, clock, told } = await world({}, false)
    host.createRoom(spec(1))
    clock.turn()
    expect(told).toEqual(['1 ended init-failed: no scripts have been activated'])
  })
})

describe('a room whose match_init takes its time', () => {
  it('runs when match_init has settled', async () => {
    const { host, clock, language, told } = await world()
    const init = deferred<MatchInit>()
    language.games.set('game', { init: () => init.promise })
    host.createRoom(spec(1))
    clock.advance(500)
    expect(told).toEqual([])
    init.resolve(traits)
    await settled()
    expect(told).toEqual(['1 running late 10'])
    clock.advance(1_000)
    expect(language.matches[0]?.calls).toContain('loop 9')
    await host.close()
    expect(clock.pendingTimers).toBe(0)
  })

  it('has failed when match_init rejects', async () => {
    const { host, clock, language, told, report } = await world()
    language.games.set('game', { init: () => Promise.reject(new Error('no map')) })
    host.createRoom(spec(1))
    clock.turn()
    await settled()
    expect(told).toEqual(['1 ended init-failed: no map'])
    expect(report().scriptErrors).toEqual({ match_init: 1 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('has failed when that is longer than a request may wait; what comes later changes nothing', async () => {
    const { host, clock, language, told } = await world({ limits: { requestTimeoutMs: 2_000 } })
    const init = deferred<MatchInit>()
    language.games.set('game', { init: () => init.promise })
    host.createRoom(spec(1))
    clock.advance(1_999)
    expect(told).toEqual([])
    clock.advance(1)
    init.resolve(traits)
    await settled()
    expect(told).toEqual(['1 ended init-failed: match_init has not come to an end in 2000 ms'])
    expect(language.matches[0]?.calls).toEqual(['init', 'close'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends at once when it is told to, and never runs', async () => {
    const { host, clock, language, told } = await world()
    const init = deferred<MatchInit>()
    language.games.set('game', { init: () => init.promise })
    host.createRoom(spec(1))
    clock.turn()
    host.endRoom(roomId(1), 'shutdown', 5)
    init.resolve(traits)
    await settled()
    expect(told).toEqual(['1 ended shutdown'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('holds up no other room', async () => {
    const { host, clock, language, told } = await world()
    language.games.set('slow', { init: () => new Promise<MatchInit>(() => {}) })
    await host.prepare(NEW_VERSION)
    host.activate()
    host.createRoom(spec(1, 'slow'))
    host.createRoom(spec(2))
    clock.advance(1_000)
    expect(told).toEqual(['2 running test 10'])
  })

  it('leaves no timer when the host is closed meanwhile', async () => {
    const { host, clock, language } = await world()
    language.games.set('game', { init: () => new Promise<MatchInit>(() => {}) })
    host.createRoom(spec(1))
    clock.turn()
    await host.close()
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('a callback that goes over its budget', () => {
  const outOfMemory = (): never => {
    throw new LuaError('memory', 'not enough memory')
  }

  it.each([
    ['ends its room', { onScriptError: 'continue', onBudgetExceeded: 'end' }, 0],
    ['leaves its room alive', { onScriptError: 'end', onBudgetExceeded: 'continue' }, 1],
  ] as const)('%s when the configuration says so, whatever it says of errors', async (_, rooms, alive) => {
    const { host, clock, language, services } = await world({ rooms })
    language.games.set('game', { loop: outOfMemory })
    host.createRoom(spec(1))
    clock.advance(500)
    expect(services.rooms.size).toBe(alive)
  })

  it.each([
    ['match_init', 'init', { init: outOfMemory }],
    ['match_loop', 'tick', { loop: outOfMemory }],
    ['match_join_attempt', 'join', { joinAttempt: outOfMemory }],
    ['match_join', 'join', { join: outOfMemory }],
  ] as const)('is counted: %s as a %s', async (callback, kind, game) => {
    const { host, clock, language, report } = await world()
    language.games.set('game', game)
    host.createRoom(spec(1))
    clock.turn()
    host.join(roomId(1), player(5))
    clock.advance(200)
    expect(report().scriptErrors).toEqual({ [callback]: 1 })
    expect(report().budgetKills).toEqual({ [`${kind} memory`]: 1 })
  })
})

describe('the report of a host', () => {
  it('says what rooms of each module hold, and keeps what ended ones have used', async () => {
    const { host, clock, language, moduleReport, report } = await world()
    language.games.set('game', { usage: { memoryBytes: 100, instructions: 7 } })
    language.games.set('lobby', {})
    language.memoryBytes = 65_536
    language.newest.callUsage = { vms: 4, busyVms: 2, queued: 1, memoryBytes: 300 }
    host.createRoom(spec(1))
    host.createRoom(spec(2))
    host.createRoom(spec(3, 'lobby'))
    clock.turn()
    expect(moduleReport('game')).toMatchObject({ rooms: 2, memoryBytes: 200, instructions: 14 })
    expect(moduleReport('lobby')).toMatchObject({ rooms: 1, memoryBytes: 0, instructions: 0 })
    host.endRoom(roomId(1), 'closed', 0)
    expect(moduleReport('game')).toMatchObject({ rooms: 1, memoryBytes: 100, instructions: 14 })
    expect(report()).toMatchObject({
      host: 3,
      luaHeapBytes: 65_536,
      callVms: 4,
      busyCallVms: 2,
      queuedCalls: 1,
      callMemoryBytes: 300,
    })
  })

  it('does not count rooms that never came to be', async () => {
    const { host, clock, language, moduleReport } = await world()
    language.games.set('game', {
      init: () => {
        throw new Error('boom')
      },
    })
    host.createRoom(spec(1))
    host.createRoom(spec(2, 'missing'))
    clock.turn()
    expect(moduleReport('game')?.rooms ?? 0).toBe(0)
    expect(moduleReport('missing')?.rooms ?? 0).toBe(0)
  })
})
