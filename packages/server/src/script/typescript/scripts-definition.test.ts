import { describe, expect, expectTypeOf, it } from 'vitest'
import { reject } from './rejection.ts'
import { type CallContext, defineScripts, rpc } from './scripts-definition.ts'

describe('the types of defineScripts', () => {
  it('RPCs and hooks know who calls, and hooks their message', () => {
    const definition = defineScripts({
      rpcs: {
        async whoami(ctx, payload) {
          expectTypeOf(payload).toEqualTypeOf<unknown>()
          return ctx.username
        },
        double: rpc(Number, (_ctx, value) => {
          expectTypeOf(value).toEqualTypeOf<number>()
          return value * 2
        }),
      },
      before: {
        roomJoin(ctx, message) {
          if (ctx.vars.banned === 'yes') return reject('you are banned')
          message.metadata = { skin: 'blue' }
          return message
        },
        async roomCreate(_ctx, message) {
          return { ...message, module: 'duel' }
        },
      },
      after: {
        roomCreate(_ctx, message) {
          expectTypeOf(message.roomId).toBeString()
        },
      },
    })
    expect(definition.kaosnet).toBe('scripts')
  })

  it('a before-hook that forgets to return the message does not compile', () => {
    defineScripts({
      before: {
        // @ts-expect-error: nothing is returned
        roomJoin() {},
      },
    })
  })

  it('a hook for a message that does not exist does not compile', () => {
    defineScripts({
      before: {
        // @ts-expect-error: there is no such message
        roomJump() {},
      },
    })
  })
})

describe('rpc', () => {
  it('hands the handler what the parser makes of the payload', () => {
    const add = rpc(
      (data) => (data as string).split('+').map(Number),
      (_ctx, numbers) => numbers.reduce((sum, number) => sum + number),
    )
    expect(add({} as CallContext, '1+2+3')).toBe(6)
  })

  it('does not call the handler when the parser throws', () => {
    const parse = (): never => {
      throw new Error('not a number')
    }
    const never = rpc(parse, () => expect.unreachable())
    expect(() => never({} as CallContext, 'x')).toThrow('not a number')
  })
})
