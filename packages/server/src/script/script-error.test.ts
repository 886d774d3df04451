import { LuaError } from '@kaosnet/lua'
import { KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { HostStats } from '../host/host-stats.ts'
import type { ScriptCall } from '../room/room-host.ts'
import { plannedCall } from '../testing/fake-call-runner.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { budgetCause, failedOutcome, noteScriptError, scriptErrorFields } from './script-error.ts'

const rpc = plannedCall('score')
const { caller } = rpc
const before: ScriptCall = { kind: 'before', name: 'room_join', caller, message: {} }
const after: ScriptCall = { kind: 'after', name: 'room_join', caller, message: {} }
const outOfMemory = new LuaError('memory', 'not enough memory')

describe('an error of a script', () => {
  it('is told with its traceback, or its stack, or as text', () => {
    const traceback = 'stack traceback: main.lua:3'
    expect(scriptErrorFields(new LuaError('runtime', 'boom', { traceback }))).toEqual({
      error: 'boom',
      traceback,
    })
    expect(scriptErrorFields(new LuaError('runtime', 'boom'))).toEqual({ error: 'boom' })
    const error = new Error('boom')
    expect(scriptErrorFields(error)).toEqual({ error: 'boom', stack: error.stack })
    expect(scriptErrorFields('boom')).toEqual({ error: 'boom' })
  })

  it('is logged and counted, and its budget too if that was the cause', () => {
    const [log, stats] = [recordingLogger(), new HostStats()]
    noteScriptError(new Error('boom'), 'match_loop', 'tick', log, stats)
    noteScriptError(outOfMemory, 'match_loop', 'tick', log, stats)
    expect(stats.scriptErrors).toEqual({ match_loop: 2 })
    expect(stats.budgetKills).toEqual({ 'tick memory': 1 })
    expect(log.entries).toEqual([
      {
        level: 'error',
        fields: expect.objectContaining({ callback: 'match_loop', error: 'boom' }),
        message: 'script error',
      },
      {
        level: 'error',
        fields: { callback: 'match_loop', error: 'not enough memory' },
        message: 'script error',
      },
    ])
  })

  it('is no matter of budgets unless Lua says so', () => {
    expect(budgetCause(outOfMemory)).toBe('memory')
    for (const error of [
      new LuaError('runtime', 'x'),
      new LuaError('syntax', 'x'),
      new Error('memory'),
      'memory',
    ]) {
      expect(budgetCause(error)).toBeUndefined()
    }
  })
})

describe('the outcome of a call that failed', () => {
  it.each([
    [rpc, new Error('boom'), 'RPC_FAILED'],
    [before, new Error('boom'), 'HOOK_FAILED'],
    [after, new Error('boom'), 'HOOK_FAILED'],
    [rpc, outOfMemory, 'SCRIPT_BUDGET_EXCEEDED'],
    [before, outOfMemory, 'SCRIPT_BUDGET_EXCEEDED'],
    [rpc, new KaosError('TOO_MANY_REQUESTS', 'wait'), 'TOO_MANY_REQUESTS'],
    [rpc, new KaosError('ROOM_NOT_FOUND'), 'RPC_FAILED'],
  ] as const)('of %j with %s', (call, error, code) => {
    const outcome = failedOutcome(call, error, recordingLogger(), new HostStats())
    expect(outcome).toEqual({ kind: 'failed', error: error.message, code })
  })

  it('is logged under the name of the call, and counted by its kind', () => {
    const [log, stats] = [recordingLogger(), new HostStats()]
    failedOutcome(rpc, outOfMemory, log, stats)
    failedOutcome(before, outOfMemory, log, stats)
    expect(stats.scriptErrors).toEqual({ rpc: 1, before: 1 })
    expect(stats.budgetKills).toEqual({ 'rpc memory': 1, 'hook memory': 1 })
    expect(log.entries.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ rpc: 'score', callback: 'rpc' }),
      expect.objectContaining({ before: 'room_join', callback: 'before' }),
    ])
  })
})
