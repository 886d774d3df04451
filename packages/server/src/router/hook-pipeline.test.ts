import { afterAll, describe, expect, it } from 'vitest'
import type { SessionId } from '../ids.ts'
import type { CallerInfo, HookName, ScriptOutcome } from '../room/room-host.ts'
import { FakeRoomHost, manifest } from '../testing/fake-room-host.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { deferred, settled } from '../testing/promises.ts'
import { readMetric } from '../testing/read-metric.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import { HookPipeline } from './hook-pipeline.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

const caller: CallerInfo = {
  sessionId: '0000000000000001' as SessionId,
  userId: 'ann',
  username: 'Ann',
  vars: {},
  isAuthenticated: true,
  clientAddress: '203.0.113.1',
  transport: 'memory',
}
const message = { room_id: 'x', metadata: { a: 1 } }

interface World {
  readonly hooks: HookPipeline
  readonly host: FakeRoomHost
  readonly clock: ManualClock
  readonly log: ReturnType<typeof recordingLogger>
}

function world(
  registered: { rpcs?: string[]; before?: HookName[]; after?: HookName[] },
  outcome?: ScriptOutcome | Promise<ScriptOutcome>,
): World {
  const host = new FakeRoomHost()
  const clock = new ManualClock()
  const log = recordingLogger()
  if (outcome !== undefined) host.onInvoke = () => outcome
  const hooks = new HookPipeline({ host, clock, logger: log, metrics, timeoutMs: 1_000 })
  hooks.setManifest(manifest(registered))
  return { hooks, host, clock, log }
}

function never(): Promise<ScriptOutcome> {
  return new Promise(() => {})
}

function kaosError(error: string, text?: string): unknown {
  return expect.objectContaining(text === undefined ? { error } : { error, message: text })
}

describe('a before-hook', () => {
  it('that is not registered leaves the message as it is, and no script runs', async () => {
    const { hooks, host } = world({ before: ['rpc'] })
    expect(await hooks.before('room_join', caller, message)).toBe(message)
    expect(host.calls).toEqual([])
    expect([hooks.hasBefore('room_join'), hooks.hasBefore('rpc')]).toEqual([false, true])
  })

  it('is given the caller and the message, and may change the message', async () => {
    const { hooks, host } = world({ before: ['room_join'] }, { kind: 'value', value: { room_id: 'y' } })
    expect(await hooks.before('room_join', caller, message)).toEqual({ room_id: 'y' })
    expect(host.calls).toEqual([{ kind: 'before', name: 'room_join', caller, message }])
  })

  it.each([
    ['a reason', 'not tonight', 'not tonight'],
    ['no reason', undefined, 'A before-hook rejected the message.'],
  ])('rejects with %s', async (_, reason, text) => {
    const { hooks } = world({ before: ['rpc'] }, { kind: 'rejected', reason })
    await expect(hooks.before('rpc', caller, message)).rejects.toThrow(kaosError('HOOK_REJECTED', text))
  })

  it('that throws fails the request with the script’s error', async () => {
    const outcome = { kind: 'failed', error: 'main.lua:7: boom', code: 'HOOK_FAILED' } as const
    await expect(world({ before: ['rpc'] }, outcome).hooks.before('rpc', caller, message)).rejects.toThrow(
      kaosError('HOOK_FAILED', 'main.lua:7: boom'),
    )
  })

  it('that uses too much time or memory is told so', async () => {
    const outcome = { kind: 'failed', error: 'too long', code: 'SCRIPT_BUDGET_EXCEEDED' } as const
    await expect(world({ before: ['rpc'] }, outcome).hooks.before('rpc', caller, message)).rejects.toThrow(
      kaosError('SCRIPT_BUDGET_EXCEEDED', 'too long'),
    )
  })

  it.each([['text'], [42], [true], [null], [undefined], [[1, 2]], [new Uint8Array(2)]])(
    'that returns %j instead of a message has failed',
    async (value) => {
      const { hooks } = world({ before: ['rpc'] }, { kind: 'value', value })
      await expect(hooks.before('rpc', caller, message)).rejects.toThrow(
        kaosError('HOOK_FAILED', 'the before-hook of rpc returned no message table'),
      )
    },
  )

  it('that does not answer in time has failed, and its late answer changes nothing', async () => {
    const answer = deferred<ScriptOutcome>()
    const { hooks, clock } = world({ before: ['rpc'] }, answer.promise)
    const waiting = hooks.before('rpc', caller, message)
    const failed = expect(waiting).rejects.toThrow(
      kaosError('REQUEST_TIMEOUT', 'before rpc: no answer in 1000 ms'),
    )
    clock.advance(1_000)
    await failed
    answer.resolve({ kind: 'value', value: {} })
    expect(clock.pendingTimers).toBe(0)
  })

  it('leaves no timer when it has answered', async () => {
    const { hooks, clock } = world({ before: ['rpc'] }, { kind: 'value', value: {} })
    await hooks.before('rpc', caller, message)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is never there before the scripts are loaded', async () => {
    const host = new FakeRoomHost()
    const clock = new ManualClock()
    const hooks = new HookPipeline({ host, clock, logger: recordingLogger(), metrics, timeoutMs: 1 })
    expect(await hooks.before('rpc', caller, message)).toBe(message)
    await expect(hooks.rpc('echo', caller, 1)).rejects.toThrow(kaosError('RPC_NOT_FOUND'))
  })
})

describe('an after-hook', () => {
  it('is given the message, if it is registered', () => {
    const { hooks, host } = world({ after: ['room_leave'] })
    hooks.after('room_leave', caller, message)
    hooks.after('room_join', caller, message)
    expect(host.calls).toEqual([{ kind: 'after', name: 'room_leave', caller, message }])
    expect([hooks.hasAfter('room_join'), hooks.hasAfter('room_leave')]).toEqual([false, true])
  })

  it('that fails changes nothing', async () => {
    const { hooks, log } = world({ after: ['rpc'] }, { kind: 'failed', error: 'boom', code: 'HOOK_FAILED' })
    hooks.after('rpc', caller, message)
    await settled()
    expect(log.messages('error')).toEqual([])
  })

  it('that does not answer in time is logged', async () => {
    const { hooks, clock, log } = world({ after: ['rpc'] }, never())
    hooks.after('rpc', caller, message)
    clock.advance(1_000)
    await settled()
    expect(log.messages('error')).toEqual(['after-hook was not answered'])
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('an RPC', () => {
  it('gives back what the script returns', async () => {
    const { hooks, host } = world({ rpcs: ['echo'] })
    expect(await hooks.rpc('echo', caller, { n: 1 })).toEqual({ n: 1 })
    expect(host.calls).toEqual([{ kind: 'rpc', name: 'echo', caller, payload: { n: 1 } }])
  })

  it('that is not registered is not found, and no script runs', async () => {
    const { hooks, host } = world({ rpcs: ['echo'] })
    await expect(hooks.rpc('ecko', caller, 1)).rejects.toThrow(
      kaosError('RPC_NOT_FOUND', 'no RPC "ecko" is registered'),
    )
    expect(host.calls).toEqual([])
  })

  it.each([
    ['RPC_FAILED', { kind: 'failed', error: 'boom', code: 'RPC_FAILED' }],
    ['SCRIPT_BUDGET_EXCEEDED', { kind: 'failed', error: 'too long', code: 'SCRIPT_BUDGET_EXCEEDED' }],
    ['TOO_MANY_REQUESTS', { kind: 'failed', error: 'wait', code: 'TOO_MANY_REQUESTS' }],
    ['RPC_FAILED', { kind: 'rejected', reason: 'no' }],
  ] as const)('fails with %s when the script does', async (error, outcome) => {
    await expect(world({ rpcs: ['echo'] }, outcome).hooks.rpc('echo', caller, 1)).rejects.toThrow(
      kaosError(error),
    )
  })

  it('must answer in time, or it is counted', async () => {
    const hits = () => readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'requestTimeoutMs' })
    const before = await hits()
    const { hooks, clock } = world({ rpcs: ['slow'] }, never())
    const failed = expect(hooks.rpc('slow', caller, 1)).rejects.toThrow(kaosError('REQUEST_TIMEOUT'))
    clock.advance(999)
    expect(clock.pendingTimers).toBe(1)
    expect(await hits()).toBe(before)
    clock.advance(1)
    await failed
    expect(await hits()).toBe(before + 1)
  })

  it('is measured', async () => {
    const count = () => readMetric(metrics, 'kaosnet_script_call_seconds_count', { kind: 'rpc' })
    const before = await count()
    await world({ rpcs: ['echo'] }).hooks.rpc('echo', caller, 1)
    expect(await count()).toBe(before + 1)
  })
})
