import { describe, expect, it } from 'vitest'
import { input, player, roomWorld } from '../testing/room-world.ts'
import type { Room } from '../room/room.ts'
import { HostStats } from './host-stats.ts'
import { readHostReport } from './read-host-report.ts'

function room(memoryBytes: number, instructions: number, queuedInputs = 0): Room {
  const { room } = roomWorld({ usage: { memoryBytes, instructions } })
  room.join(player(1))
  for (let i = 0; i < queuedInputs; i++) room.input(1, input('x'))
  return room
}

describe('readHostReport', () => {
  it('adds up what the rooms of a module hold and have used', () => {
    const stats = new HostStats()
    stats.module('game').rooms = 2
    const report = readHostReport(0, stats, [room(100, 5), room(200, 7)])
    expect(report.modules).toEqual([
      expect.objectContaining({ module: 'game', rooms: 2, memoryBytes: 300, instructions: 12 }),
    ])
  })

  it('keeps a module that has no rooms any more, with what they used', () => {
    const stats = new HostStats()
    stats.module('game').stateEnded(9)
    expect(readHostReport(0, stats, []).modules).toEqual([
      expect.objectContaining({ module: 'game', rooms: 0, memoryBytes: 0, instructions: 9 }),
    ])
  })

  it('adds up the inputs that wait in all rooms', () => {
    expect(readHostReport(0, new HostStats(), [room(0, 0, 2), room(0, 0), room(0, 0, 1)]).queuedInputs).toBe(
      3,
    )
  })

  it('gives the counters of the host, its calls and its memory', () => {
    const stats = new HostStats()
    stats.scriptFailed('rpc')
    stats.budgetExceeded('rpc', 'time')
    stats.droppedLogLines = 4
    stats.invalidInputs = 5
    stats.labelsRefused = 6
    stats.inputRouting.observe(0.5)
    const calls = { vms: 3, busyVms: 2, queued: 1, memoryBytes: 600 }
    expect(readHostReport(7, stats, [], calls, 65_536)).toEqual({
      host: 7,
      modules: [],
      scriptErrors: { rpc: 1 },
      budgetKills: { 'rpc time': 1 },
      droppedLogLines: 4,
      invalidInputs: 5,
      labelsRefused: 6,
      callVms: 3,
      busyCallVms: 2,
      queuedCalls: 1,
      callMemoryBytes: 600,
      queuedInputs: 0,
      inputRouting: { counts: expect.arrayContaining([1]), sumSeconds: 0.5 },
      busySeconds: expect.any(Number),
      luaHeapBytes: 65_536,
    })
  })

  it('has nothing to say of calls and Lua before scripts are loaded', () => {
    expect(readHostReport(0, new HostStats(), [])).toMatchObject({
      callVms: 0,
      busyCallVms: 0,
      queuedCalls: 0,
      callMemoryBytes: 0,
      luaHeapBytes: 0,
    })
  })

  it('is plain data, which can cross to another thread', () => {
    const stats = new HostStats()
    stats.module('game').ticked(1, 1, 0)
    const report = readHostReport(0, stats, [])
    expect(structuredClone(report)).toEqual(report)
  })

  it('gives a busy time that never goes back', () => {
    const first = readHostReport(0, new HostStats(), []).busySeconds
    const second = readHostReport(0, new HostStats(), []).busySeconds
    expect(first).toBeGreaterThanOrEqual(0)
    expect(second).toBeGreaterThanOrEqual(first)
  })
})
