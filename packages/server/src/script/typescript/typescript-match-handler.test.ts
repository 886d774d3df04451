import { describe, expect, it } from 'vitest'
import { handedOver, member, started, tick, value, world } from '../../testing/match-world.ts'
import type { Presence } from './presence.ts'
import { reject } from './rejection.ts'
import { defineRoom, type RoomSetup } from './room-definition.ts'

const details = { password: undefined }

describe('init', () => {
  it('says what the room is like; what it leaves out has defaults', () => {
    const { handler } = world(
      defineRoom({
        init: () => ({ state: 1, tickHz: 30, label: 'duel', maxPlayers: 2, emptyTimeoutMs: 0 }),
        loop() {},
      }),
    )
    expect(handler.init({})).toEqual({ tickHz: 30, label: 'duel', maxPlayers: 2, emptyTimeoutMs: 0 })
    const bare = world(defineRoom({ init: () => ({ state: undefined }), loop() {} }))
    expect(bare.handler.init({})).toEqual({
      tickHz: undefined,
      label: '',
      maxPlayers: undefined,
      emptyTimeoutMs: undefined,
    })
  })

  it('may be async; the state it resolves to is the one callbacks get', async () => {
    const { handler } = world(
      defineRoom({
        init: async () => ({ state: { sum: 4 }, label: 'slow' }),
        loop() {},
        signal: (_room, state) => state.sum,
      }),
    )
    const init = handler.init({})
    expect(init).toBeInstanceOf(Promise)
    expect(await init).toMatchObject({ label: 'slow' })
    expect(handler.signal(null)).toBe(4)
  })

  it('rejects when it throws later', async () => {
    const { handler } = world(
      defineRoom({
        init: async (): Promise<RoomSetup<number>> => {
          throw new Error('no database')
        },
        loop() {},
      }),
    )
    await expect(handler.init({})).rejects.toThrow('no database')
  })

  it('gets what the parser makes of the params, and fails when the parser throws', () => {
    const definition = defineRoom({
      params: (params) => {
        if (typeof params !== 'string') throw new Error('params is a map')
        return { map: params }
      },
      init: (room, params) => ({ state: 0, label: `${params.map} ${room.params.map}` }),
      loop() {},
    })
    expect(world(definition).handler.init('harbour')).toMatchObject({ label: 'harbour harbour' })
    expect(() => world(definition).handler.init(3)).toThrow('params is a map')
  })

  it.each<[unknown, string]>([
    [undefined, 'init must return an object { state, … }'],
    [{ tickHz: 3 }, 'init must return an object { state, … }'],
    [{ state: 0, tickHz: '20' }, 'tickHz must be a number, got string'],
    [{ state: 0, label: 3 }, 'label must be a string, got number'],
    [{ state: 0, maxPlayers: 0 }, 'maxPlayers must be an integer from 1 to 65535, got 0'],
    [{ state: 0, maxPlayers: 1.5 }, 'maxPlayers must be an integer from 1 to 65535, got 1.5'],
    [{ state: 0, emptyTimeoutMs: -1 }, 'emptyTimeoutMs must be milliseconds, 0 for never, got -1'],
    [{ state: 0, emptyTimeoutMs: Number.NaN }, 'emptyTimeoutMs must be milliseconds, 0 for never, got NaN'],
  ])('%j is refused: %s', (setup, message) => {
    const { handler } = world({ kaosnet: 'room', init: () => setup, loop() {} })
    expect(() => handler.init({})).toThrow(message)
  })
})

describe('members', () => {
  it('joinAttempt welcomes with nothing or true, and refuses with a string or reject()', () => {
    const answers: (true | string | undefined | { reject: string })[] = [
      undefined,
      true,
      'full of bots',
      reject('too late'),
      reject(),
    ]
    const { handler } = started(
      defineRoom({ init: () => ({ state: 0 }), loop() {}, joinAttempt: () => answers.shift() }),
    )
    const attempts = Array.from({ length: 5 }, (_, index) => handler.joinAttempt(member(index + 1), details))
    expect(attempts).toEqual([undefined, undefined, 'full of bots', 'too late', ''])
  })

  it('without joinAttempt, join and leave everybody is welcome and the members are known', () => {
    const seen: number[][] = []
    const { handler } = started(
      defineRoom({
        init: () => ({ state: 0 }),
        loop: (room) => void seen.push([...room.presences.keys()]),
      }),
    )
    expect(handler.joinAttempt(member(1), details)).toBeUndefined()
    handler.join(member(1))
    handler.join(member(2))
    handler.loop(tick(1), [])
    handler.leave({ member: 1, reason: 'left' })
    handler.loop(tick(2), [])
    expect(seen).toEqual([[1, 2], [2]])
  })

  it('a presence is one frozen object from join to leave', () => {
    const scores = new Map<Presence, number>()
    const left: string[] = []
    const { handler } = started(
      defineRoom({
        init: () => ({ state: scores }),
        join: (_room, state, presence) => void state.set(presence, 0),
        loop(_room, state, messages) {
          for (const { sender } of messages) state.set(sender, (state.get(sender) ?? Number.NaN) + 1)
        },
        leave(room, state, presence, reason) {
          left.push(`${presence.username} ${reason} ${state.get(presence)} ${room.presences.size}`)
        },
      }),
    )
    handler.join(member(1, { skin: 'blue' }))
    handler.loop(tick(1), [value(1, 1, 'a'), value(1, 1, 'b')])
    const [presence] = scores.keys()
    expect(presence).toEqual({ ...member(1), metadata: { skin: 'blue' } })
    expect(Object.isFrozen(presence) && Object.isFrozen(presence?.metadata)).toBe(true)
    handler.leave({ member: 1, reason: 'dropped' })
    handler.leave({ member: 9, reason: 'left' })
    expect(left).toEqual(['player 1 dropped 2 0'])
  })
})

describe('the state', () => {
  it('is what a callback returned last; one that returns nothing keeps it', () => {
    const seen: number[] = []
    const { handler } = started(
      defineRoom({
        init: () => ({ state: 1 }),
        join: (_room, state) => state * 10,
        leave: (_room, state) => state + 5,
        loop: (_room, state) => void seen.push(state),
      }),
    )
    handler.loop(tick(1), [])
    handler.join(member(1))
    handler.loop(tick(2), [])
    handler.leave({ member: 1, reason: 'left' })
    handler.loop(tick(3), [])
    expect(seen).toEqual([1, 10, 15])
  })

  it('null, 0 and the empty string are states as well', () => {
    const seen: unknown[] = []
    const next: (string | number | null)[] = [0, '', null]
    const { handler } = started(
      defineRoom({
        init: (): RoomSetup<string | number | null> => ({ state: 'begin' }),
        loop(_room, state) {
          seen.push(state)
          return next.shift()
        },
      }),
    )
    for (let number = 1; number <= 5; number++) handler.loop(tick(number), [])
    expect(seen).toEqual(['begin', 0, '', null, null])
  })
})

describe('loop', () => {
  it('tells the tick, its length and what was skipped', () => {
    const { handler, clock } = started(
      defineRoom({
        init: () => ({ state: [] as unknown[] }),
        loop: (room, state) => void state.push([room.tick, room.dtSeconds, room.skipped, room.timeMs]),
        signal: (_room, state) => state,
      }),
    )
    handler.loop({ tick: 7, dtSeconds: 0.1, skipped: 2 }, [])
    expect(handler.signal(null)).toEqual([[7, 0.1, 2, clock.unixMs()]])
  })

  it('gets parsed messages in order; others are told and left out', () => {
    const seen: unknown[] = []
    const { handler, invalid } = started(
      defineRoom({
        receives: {
          1: (data) => {
            if (typeof data !== 'number') throw new Error('a number, please')
            return data * 2
          },
        },
        init: () => ({ state: 0 }),
        loop(_room, _state, messages) {
          for (const { op, data, sender, isReliable, timeMs } of messages) {
            seen.push([op, data, sender.member, isReliable, timeMs])
          }
        },
      }),
    )
    handler.join(member(1))
    handler.join(member(2))
    const broken = { ...value(1, 1, 5), data: new Uint8Array([0xc1]) }
    const sent = [value(1, 1, 4), value(2, 1, 'x'), value(2, 3, 1), broken, value(9, 1, 1), value(2, 1, 6)]
    handler.loop(tick(1), sent)
    expect(seen).toEqual([
      [1, 8, 1, true, 100],
      [1, 12, 2, true, 100],
    ])
    expect(invalid).toEqual([
      '2: op 1: a number, please',
      '2: op 3: this room takes no such messages',
      expect.stringMatching(/^1: op 1: ./),
    ])
  })

  it('gets bytes as bytes, and everything unparsed when there are no parsers', () => {
    const seen: unknown[] = []
    const { handler, invalid } = started(
      defineRoom({
        init: () => ({ state: 0 }),
        loop(_room, _state, messages) {
          for (const { op, data } of messages) seen.push([op, data])
        },
      }),
    )
    handler.join(member(1))
    const bytes = { ...value(1, 5, 0), data: new Uint8Array([1, 2]), isMessagePack: false }
    handler.loop(tick(1), [bytes, value(1, 65_535, { a: [1] })])
    expect(seen).toEqual([
      [5, new Uint8Array([1, 2])],
      [65_535, { a: [1] }],
    ])
    expect(invalid).toEqual([])
  })

  it('what a parser says is cut before it goes anywhere', () => {
    const { handler, invalid } = started(
      defineRoom({
        receives: {
          1: () => {
            throw new Error('x'.repeat(100_000))
          },
        },
        init: () => ({ state: 0 }),
        loop() {},
      }),
    )
    handler.join(member(1))
    handler.loop(tick(1), [value(1, 1, 1)])
    expect(invalid[0]?.length).toBeLessThan(400)
  })

  it('ends the room with room.end(), also when another callback called it', () => {
    const ticks: number[] = []
    const definition = defineRoom({
      init: () => ({ state: 0 }),
      loop(room) {
        ticks.push(room.tick)
        if (room.tick === 2) room.end()
      },
      leave: (room) => room.end(),
    })
    const first = started(definition).handler
    expect([first.loop(tick(1), []), first.loop(tick(2), [])]).toEqual([true, false])
    const second = started(definition).handler
    second.join(member(1))
    second.leave({ member: 1, reason: 'left' })
    expect(second.loop(tick(3), [])).toBe(false)
    expect(ticks).toEqual([1, 2])
  })
})

describe('terminate', () => {
  it('uses the grace time when the module has one that does not end the room', () => {
    const make = (terminate?: (room: { end(): void }, state: number, graceSeconds: number) => void) => {
      const { handler } = started({ kaosnet: 'room', init: () => ({ state: 0 }), loop() {}, terminate })
      return handler.terminate(5)
    }
    const grace: number[] = []
    expect(make()).toBe(false)
    expect(make((room) => room.end())).toBe(false)
    expect(make((_room, _state, seconds) => void grace.push(seconds))).toBe(true)
    expect(grace).toEqual([5])
  })
})

describe('signal', () => {
  it('replies with a copy of what the module returned', () => {
    const scores = { best: [3] }
    const { handler } = started(
      defineRoom({
        init: () => ({ state: scores }),
        loop() {},
        signal: (_room, state, data) => ({ state, data }),
      }),
    )
    const reply = handler.signal('ping') as { state: typeof scores }
    expect(reply).toEqual({ state: { best: [3] }, data: 'ping' })
    expect(reply.state).not.toBe(scores)
  })

  it('is an error when the module has none', () => {
    const { handler } = started(defineRoom({ init: () => ({ state: 0 }), loop() {} }))
    expect(() => handler.signal(1)).toThrow('the match module "arena" has no signal')
  })
})

describe('promises', () => {
  it.each(['joinAttempt', 'join', 'leave', 'loop', 'signal', 'terminate', 'upgrade'] as const)(
    '%s may not return one, and what it fails with later harms nobody',
    async (callback) => {
      const { handler } = started({
        kaosnet: 'room',
        init: () => ({ state: 0 }),
        loop() {},
        [callback]: async () => {
          throw new Error('later')
        },
      })
      const run = {
        joinAttempt: () => handler.joinAttempt(member(1), details),
        join: () => handler.join(member(1)),
        leave: () => {
          handler.join(member(1))
          handler.leave({ member: 1, reason: 'left' })
        },
        loop: () => handler.loop(tick(1), []),
        signal: () => handler.signal(1),
        terminate: () => handler.terminate(1),
        upgrade: () => handler.upgrade(handedOver(handler)),
      }[callback]
      expect(run).toThrow(
        `${callback} returned a promise: only init may be async, the other callbacks of a room may not`,
      )
      await Promise.resolve()
    },
  )
})
