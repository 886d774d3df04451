import { describe, expect, expectTypeOf, it } from 'vitest'
import { defineRoom, type RoomSetup } from './room-definition.ts'
import { messageTypes } from './room-messages.ts'

const Op = { steer: 1, shout: 2, snapshot: 3, score: 4 } as const

describe('the types of defineRoom', () => {
  it('the state is what init returns', () => {
    defineRoom({
      init: () => ({ state: { scores: new Map<number, number>() } }),
      join(_room, state, presence) {
        expectTypeOf(state).toEqualTypeOf<{ scores: Map<number, number> }>()
        state.scores.set(presence.member, 0)
      },
      loop(room, state) {
        expectTypeOf(state).toEqualTypeOf<{ scores: Map<number, number> }>()
        if (room.tick > 3) room.end()
      },
    })
  })

  it('the state is what an async init with parameters resolves to', () => {
    defineRoom({
      async init(room, params) {
        expectTypeOf(params).toEqualTypeOf<unknown>()
        return { state: { id: room.roomId }, tickHz: 10 }
      },
      loop(_room, state) {
        expectTypeOf(state.id).toBeString()
        return state
      },
    })
  })

  it('an annotated init decides the type of the state', () => {
    interface Game {
      phase: 'lobby' | 'play'
    }
    defineRoom({
      init(room): RoomSetup<Game> {
        return { state: { phase: 'lobby' }, label: room.module }
      },
      loop(_room, state): Game {
        expectTypeOf(state).toEqualTypeOf<Game>()
        return { phase: 'play' }
      },
    })
    defineRoom<Game>({
      init: () => ({ state: { phase: 'lobby' } }),
      loop: (_room, state) => (state.phase === 'play' ? undefined : { phase: 'play' }),
    })
  })

  it('messages are a union by op, of what the parsers return', () => {
    defineRoom({
      receives: {
        [Op.steer]: (data) => ({ angle: Number(data) }),
        [Op.shout]: (data: unknown) => String(data),
      },
      sends: messageTypes<{ [Op.snapshot]: Uint8Array; [Op.score]: { points: number } }>(),
      params: (value) => ({ map: String(value) }),
      init(room, params) {
        expectTypeOf(params).toEqualTypeOf<{ map: string }>()
        expectTypeOf(room.params).toEqualTypeOf<{ map: string }>()
        room.send(Op.score, { points: 1 })
        return { state: 0 }
      },
      loop(room, state, messages) {
        expectTypeOf(state).toEqualTypeOf<number>()
        for (const message of messages) {
          switch (message.op) {
            case Op.steer:
              expectTypeOf(message.data).toEqualTypeOf<{ angle: number }>()
              break
            case Op.shout:
              expectTypeOf(message.data).toEqualTypeOf<string>()
              break
            default:
              message satisfies never
          }
        }
        room.send(Op.snapshot, new Uint8Array(1), { isReliable: false })
        // @ts-expect-error: the score is an object
        room.send(Op.score, 3)
        // @ts-expect-error: the room sends no such op
        room.send(Op.steer, 3)
        return state + 1
      },
    })
  })

  it('a callback that returns a promise does not compile', () => {
    defineRoom({
      init: () => ({ state: { sum: 0 } }),
      // @ts-expect-error: joinAttempt is synchronous
      async joinAttempt() {
        return true
      },
      // @ts-expect-error: join is synchronous
      async join() {},
      // @ts-expect-error: leave is synchronous
      async leave() {},
      // @ts-expect-error: loop is synchronous
      async loop() {},
      // @ts-expect-error: signal is synchronous
      async signal() {
        return 1
      },
      // @ts-expect-error: terminate is synchronous
      async terminate() {},
    })
  })

  it('signal replies any value, also one with an interface', () => {
    interface Board {
      round: number
    }
    const board: Board = { round: 1 }
    defineRoom({ init: () => ({ state: board }), loop() {}, signal: (_room, state) => state })
    defineRoom({ init: () => ({ state: board }), loop() {}, signal: () => [board] })
    defineRoom({ init: () => ({ state: board }), loop() {}, signal() {} })
  })

  it('without parsers any message arrives, its data unknown', () => {
    const definition = defineRoom({
      init: () => ({ state: null }),
      loop(room, _state, messages) {
        for (const { op, data, sender } of messages) {
          expectTypeOf(op).toEqualTypeOf<number>()
          expectTypeOf(data).toEqualTypeOf<unknown>()
          room.send(op, data, { except: sender })
        }
      },
    })
    expect(definition.kaosnet).toBe('room')
  })
})
