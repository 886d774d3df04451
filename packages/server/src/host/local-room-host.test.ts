import { afterAll, describe, expect, it } from 'vitest'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import type { RoomId, SessionId } from '../ids.ts'
import type { ScriptEngine, SignalRoom } from '../script/script-engine.ts'
import { manifest } from '../testing/fake-room-host.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { readMetric } from '../testing/read-metric.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { type RecordingMatch, recordingMatch } from '../testing/recording-match.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import { LocalRoomHost } from './local-room-host.ts'
import type { MatchHandler } from './match-handler.ts'
import type { MemberInfo, RoomInput, ScriptCall } from './room-host.ts'

const allMetrics: ReturnType<typeof testMetrics>[] = []
afterAll(() => {
  for (const metrics of allMetrics) metrics.close()
})

/** A language whose match modules are objects of the test. */
class FakeScriptEngine implements ScriptEngine {
  readonly modules = new Map<string, Partial<MatchHandler>>([['game', {}]])
  readonly matches: RecordingMatch[] = []
  readonly calls: ScriptCall[] = []
  signalRoom: SignalRoom = () => undefined
  closed = 0

  async load(signalRoom: SignalRoom) {
    this.signalRoom = signalRoom
    return manifest({ rpcs: ['echo'] })
  }

  createMatch(_roomId: RoomId, module: string): MatchHandler {
    const game = this.modules.get(module)
    if (game === undefined) throw new Error(`no module "${module}"`)
    const match = recordingMatch(game)
    this.matches.push(match)
    return match
  }

  invoke(call: ScriptCall) {
    this.calls.push(call)
    return { kind: 'value', value: 42 } as const
  }

  close(): void {
    this.closed++
  }
}

interface World {
  readonly host: LocalRoomHost
  readonly engine: FakeScriptEngine
  readonly clock: ManualClock
  readonly log: ReturnType<typeof recordingLogger>
  readonly metrics: ReturnType<typeof testMetrics>
  /** What the host told, one line each. */
  readonly told: string[]
}

async function world(config: ServerConfigInput = {}): Promise<World> {
  const clock = new ManualClock()
  const log = recordingLogger()
  const engine = new FakeScriptEngine()
  const metrics = testMetrics()
  allMetrics.push(metrics)
  const parts = { config: resolveConfig({ options: config }), clock, logger: log, metrics, engine }
  const host = new LocalRoomHost(parts)
  const told: string[] = []
  await host.start({
    roomRunning: (id, { label, tickHz }) => told.push(`${number(id)} running ${label} ${tickHz}`),
    roomEnded: (id, { reason, error }) =>
      told.push(`${number(id)} ended ${reason}${error === undefined ? '' : `: ${error}`}`),
    joinAccepted: (id, member) => told.push(`${number(id)} accepted ${member}`),
    joinRejected: (id, member, reason) => told.push(`${number(id)} rejected ${member}: ${reason}`),
    inputRefused: (id, member) => told.push(`${number(id)} refused input of ${member}`),
  })
  return { host, engine, clock, log, metrics, told }
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

describe('LocalRoomHost', () => {
  it('loads the scripts when it starts, and fails when they fail', async () => {
    const { host, engine } = await world()
    engine.load = async () => {
      throw new Error('syntax error in main.lua')
    }
    const events = {
      roomRunning() {},
      roomEnded() {},
      joinAccepted() {},
      joinRejected() {},
      inputRefused() {},
    }
    await expect(host.start(events)).rejects.toThrow('syntax error in main.lua')
  })

  it('starts a room after the callback that asked for it', async () => {
    const { host, clock, told, engine } = await world()
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    expect([told, engine.matches]).toEqual([[], []])
    clock.turn()
    expect(told).toEqual(['1 running test 10'])
    expect(engine.matches[0]?.calls).toEqual(['init'])
  })

  it('uses the configuration for what match_init leaves open', async () => {
    const { host, clock, told, engine } = await world({ rooms: { tickHz: 25 } })
    engine.modules.set('game', {
      init: () => ({ tickHz: undefined, label: '', maxPlayers: undefined, emptyTimeoutMs: undefined }),
    })
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    clock.turn()
    expect(told).toEqual(['1 running  25'])
  })

  it('tells, counts and logs a module that cannot be loaded', async () => {
    const { host, clock, told, log, metrics } = await world()
    host.createRoom({ id: roomId(1), module: 'missing', params: {} })
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
    expect(await readMetric(metrics, 'kaosnet_script_errors_total', { callback: 'load' })).toBe(1)
  })

  it('tells, counts and logs a match_init that throws, and schedules nothing', async () => {
    const { host, clock, told, log, metrics, engine } = await world()
    engine.modules.set('game', {
      init: () => {
        throw new Error('boom')
      },
    })
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    clock.turn()
    expect(told).toEqual(['1 ended init-failed: boom'])
    expect(log.messages('error')).toEqual(['script error'])
    expect(await readMetric(metrics, 'kaosnet_script_errors_total', { callback: 'match_init' })).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('passes joins, input and leaves to their room, and ignores rooms it does not have', async () => {
    const { host, clock, told, engine } = await world()
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    host.createRoom({ id: roomId(2), module: 'game', params: {} })
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
    expect(engine.matches.map(({ calls }) => calls)).toEqual([
      ['init'],
      ['init', 'attempt 5', 'join 5', 'leave 5 left'],
    ])
  })

  it('tells of input that a full queue did not take', async () => {
    const { host, clock, told } = await world({ limits: { roomInputQueue: 2 } })
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    clock.turn()
    host.join(roomId(1), player(5))
    told.length = 0
    for (let i = 0; i < 3; i++) host.input(roomId(1), 5, input)
    expect(told).toEqual(['1 refused input of 5'])
  })

  it('ticks every room, and measures it', async () => {
    const { host, clock, metrics, engine } = await world()
    for (let n = 1; n <= 3; n++) host.createRoom({ id: roomId(n), module: 'game', params: {} })
    clock.advance(2_000)
    for (const { calls } of engine.matches) expect(calls.length).toBeGreaterThanOrEqual(1 + 19)
    const ticks = engine.matches.reduce((sum, { calls }) => sum + calls.length - 1, 0)
    expect(await readMetric(metrics, 'kaosnet_tick_duration_seconds_count')).toBe(ticks)
    expect(await readMetric(metrics, 'kaosnet_tick_lateness_seconds_count')).toBe(ticks)
    expect(await readMetric(metrics, 'kaosnet_ticks_skipped_total')).toBe(0)
  })

  it('spreads the ticks of rooms that start together over the period', async () => {
    const { host, clock, engine } = await world()
    const firstTicks: number[] = []
    engine.modules.set('game', {
      loop: ({ tick }) => {
        if (tick === 1) firstTicks.push(clock.nowMs())
        return true
      },
    })
    const rooms = 50
    for (let n = 1; n <= rooms; n++) host.createRoom({ id: roomId(n), module: 'game', params: {} })
    clock.advance(1_000)
    const gaps = firstTicks.slice(1).map((atMs, index) => atMs - (firstTicks[index] as number))
    expect(firstTicks).toHaveLength(rooms)
    // Evenly spread would be 2 ms.
    expect(Math.min(...gaps)).toBeGreaterThan(1)
    expect(Math.max(...gaps)).toBeLessThan(4)
  })

  it('ends one room for its error and leaves the others alone', async () => {
    const { host, clock, told, log, metrics, engine } = await world()
    engine.modules.set('bad', {
      loop: ({ tick }) => {
        if (tick === 3) throw new Error('boom')
        return true
      },
    })
    host.createRoom({ id: roomId(1), module: 'bad', params: {} })
    host.createRoom({ id: roomId(2), module: 'game', params: {} })
    clock.advance(1_000)
    expect(told).toContain('1 ended failed: match_loop: boom')
    expect(log.entries).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'script error',
        fields: expect.objectContaining({ callback: 'match_loop', module: 'bad', error: 'boom' }),
      }),
    )
    expect(await readMetric(metrics, 'kaosnet_script_errors_total', { callback: 'match_loop' })).toBe(1)
    expect(engine.matches[0]?.calls).toEqual(['init', 'loop 1', 'loop 2', 'loop 3', 'close'])
    expect(engine.matches[1]?.calls).toContain('loop 9')
  })

  it('keeps a room going after an error when the configuration says so', async () => {
    const { host, clock, told, engine } = await world({ rooms: { onScriptError: 'continue' } })
    engine.modules.set('game', {
      loop: () => {
        throw new Error('boom')
      },
    })
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    clock.advance(500)
    expect(told).toEqual(['1 running test 10'])
    expect(engine.matches[0]?.calls).toContain('loop 4')
  })

  it('lets one room signal another, and says when there is no such room', async () => {
    const { host, clock, engine } = await world()
    engine.modules.set('game', { signal: (data) => `pong ${String(data)}` })
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    clock.turn()
    expect(engine.signalRoom(roomId(1), 'ping')).toBe('pong ping')
    expect(() => engine.signalRoom(roomId(2), 'ping')).toThrow(
      expect.objectContaining({ error: 'ROOM_NOT_FOUND' }),
    )
  })

  it('ends a room when told to', async () => {
    const { host, clock, told, engine } = await world()
    engine.modules.set('game', { terminate: () => true })
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    clock.turn()
    host.endRoom(roomId(1), 'shutdown', 1)
    clock.advance(500)
    expect(told).toEqual(['1 running test 10'])
    clock.advance(700)
    expect(told).toEqual(['1 running test 10', '1 ended shutdown'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends a room that was told to end before it had started', async () => {
    const { host, clock, told, engine } = await world()
    host.createRoom({ id: roomId(1), module: 'game', params: {} })
    host.endRoom(roomId(1), 'shutdown', 5)
    clock.turn()
    expect(told).toEqual(['1 running test 10', '1 ended shutdown'])
    expect(engine.matches[0]?.calls).toEqual(['init', 'terminate 5', 'close'])
  })

  it('passes RPCs and hooks to the scripts', async () => {
    const { host, engine } = await world()
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
    expect(await host.invoke(call)).toEqual({ kind: 'value', value: 42 })
    expect(engine.calls).toEqual([call])
  })

  it('closes everything once, and leaves no timer', async () => {
    const { host, clock, told, engine } = await world()
    for (let n = 1; n <= 3; n++) host.createRoom({ id: roomId(n), module: 'game', params: {} })
    clock.turn()
    told.length = 0
    host.createRoom({ id: roomId(4), module: 'game', params: {} })
    await host.close()
    await host.close()
    clock.advance(1_000)
    expect(told).toEqual(['1 ended closed', '2 ended closed', '3 ended closed'])
    expect(engine.matches.map(({ calls }) => calls)).toEqual(Array(3).fill(['init', 'close']))
    expect([engine.closed, clock.pendingTimers]).toEqual([1, 0])
  })
})
