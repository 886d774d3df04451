import { describe, expect, it } from 'vitest'
import { handedOver, member, started, tick, world } from '../../testing/match-world.ts'
import type { Presence } from './presence.ts'
import { defineRoom, type RoomSetup } from './room-definition.ts'

describe('upgrade', () => {
  const first = defineRoom({
    params: String,
    init: () => ({ state: { scores: new Map<Presence, number>() }, label: 'old', tickHz: 30 }),
    join: (_room, state, presence) => void state.scores.set(presence, 3),
    loop() {},
  })

  it('carries state, presences, params and traits over to the new version', () => {
    const seen: unknown[] = []
    const second = defineRoom({
      params: (params) => `<${params}>`,
      init: (): RoomSetup<number[]> => ({ state: [] }),
      loop(room, state) {
        const { version, label, tickHz, params, presences } = room
        seen.push([state, version, label, tickHz, params, presences.size])
      },
      upgrade(room, state, fromVersion) {
        const { scores } = state as { scores: Map<Presence, number> }
        seen.push([fromVersion, room.tick])
        return Array.from(room.presences.values(), (presence) => scores.get(presence) ?? -1)
      },
    })
    const old = started(first, 'v1', 'harbour').handler
    old.join(member(1))
    old.loop(tick(9), [])
    const { handler } = world(second, 'v2')
    expect([old.canUpgrade, handler.canUpgrade]).toEqual([false, true])
    handler.upgrade(
      handedOver(old, { params: 'harbour', label: 'old', tickHz: 30, tick: 9, members: [member(1)] }),
    )
    old.close()
    handler.loop(tick(10), [])
    expect(seen).toEqual([
      ['v1', 9],
      [[3], 'v2', 'old', 30, '<harbour>', 1],
    ])
  })

  it('that throws leaves the old version running', () => {
    const second = defineRoom({
      init: () => ({ state: 0 }),
      loop() {},
      upgrade() {
        throw new Error('too old')
      },
    })
    const old = started(first, 'v1', 'harbour').handler
    old.join(member(1))
    const { handler } = world(second, 'v2')
    expect(() => handler.upgrade(handedOver(old, { members: [member(1)] }))).toThrow('too old')
    expect(old.loop(tick(1), [])).toBe(true)
    expect(old.exportState().presences?.size).toBe(1)
  })

  it('makes presences of its own where the older version has none that it could use', () => {
    const second = defineRoom({
      init: () => ({ state: [] as string[] }),
      loop() {},
      upgrade: (room, state) => [...room.presences.values()].map(({ username }) => `${username}: ${state}`),
      signal: (_room, state) => state,
    })
    const { handler } = world(second, 'v2')
    const old = started(first).handler
    handler.upgrade(handedOver(old, { state: 7, presences: undefined, members: [member(1), member(2)] }))
    expect(handler.signal(null)).toEqual(['player 1: 7', 'player 2: 7'])
  })

  it('hands over the very presences that the state may hold as keys', () => {
    const old = started(first).handler
    old.join(member(1))
    const { state, presences } = old.exportState()
    const { scores } = state as { scores: Map<object, number> }
    expect([...(presences?.values() ?? [])]).toEqual([...scores.keys()])
    expect(presences?.get(1)).toBe([...scores.keys()][0])
  })

  it('is not for a room that has called end(): it ends with its next tick', () => {
    const old = started(
      defineRoom({ init: () => ({ state: 0 }), loop() {}, leave: (room) => room.end() }),
    ).handler
    old.join(member(1))
    old.leave({ member: 1, reason: 'left' })
    expect(() => old.exportState()).toThrow('the room ends with its next tick')
    expect(old.loop(tick(1), [])).toBe(false)
  })

  it('is refused by a module that has none', () => {
    const old = started(first).handler
    expect(() => world(first, 'v2').handler.upgrade(handedOver(old))).toThrow(
      'the match module "arena" has no upgrade',
    )
  })
})
