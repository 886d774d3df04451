import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'
import { type CallPlan, RpcCalls } from './rpc-calls.ts'

const plan: CallPlan = { rpc: 'echo', textBytes: 3, inFlight: 2 }

interface Call {
  readonly caller: number
  readonly name: string
  readonly payload: unknown
  answer(payload: unknown): Promise<void>
  refuse(why: string): Promise<void>
}

/** Bots whose calls the test answers, by a clock that the test moves. */
function world(bots: number) {
  const calls: Call[] = []
  const refused: string[] = []
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  const callers = {
    bots: Array.from({ length: bots }, (_, caller) => ({
      rpc: (name: string, payload: unknown) =>
        new Promise<unknown>((resolve, reject) => {
          calls.push({
            caller,
            name,
            payload,
            answer: (answer) => {
              resolve(answer)
              return settled()
            },
            refuse: (why) => {
              reject(new Error(why))
              return settled()
            },
          })
        }),
    })),
    botRefused: (_bot: unknown, why: string) => {
      refused.push(why)
    },
  }
  const clock = { nowMs: 100 }
  const deliveries = { received: 0, latency: new Histogram() }
  const start = (part: Partial<CallPlan> = {}) => {
    const rpcCalls = new RpcCalls(callers, { ...plan, ...part }, deliveries, () => clock.nowMs)
    rpcCalls.start()
    return rpcCalls
  }
  return { calls, refused, clock, deliveries, start }
}

const echo = { text: 'xxx' }

describe('RpcCalls', () => {
  it('keeps as many calls in flight as are wanted, and lets the bot that waited longest make the next', async () => {
    const { calls, start } = world(3)
    start()
    expect(calls.map(({ caller }) => caller)).toEqual([0, 1])
    expect(calls[0]).toMatchObject({ name: 'echo', payload: echo })
    await calls[1]?.answer(echo)
    await calls[2]?.answer(echo)
    expect(calls.map(({ caller }) => caller)).toEqual([0, 1, 2, 1])
    await calls[0]?.answer(echo)
    expect(calls.map(({ caller }) => caller)).toEqual([0, 1, 2, 1, 2])
  })

  it('counts a call when it is answered, with the time that took', async () => {
    const { calls, clock, deliveries, start } = world(1)
    start({ inFlight: 1 })
    clock.nowMs = 107
    await calls[0]?.answer(echo)
    expect(deliveries.received).toBe(1)
    expect(deliveries.latency.maxMs).toBe(7)
  })

  it('does not count an answer that is no echo, nor a refusal, and lets that bot call no more', async () => {
    const { calls, deliveries, refused, start } = world(3)
    start()
    await calls[0]?.answer({ text: 'yyy' })
    await calls[1]?.refuse('RATE_LIMITED')
    expect(deliveries.received).toBe(0)
    expect(refused).toEqual(['the answer is not what was sent', 'RATE_LIMITED'])
    expect(calls.map(({ caller }) => caller)).toEqual([0, 1, 2])
  })

  it('makes no further call once it is stopped', async () => {
    const { calls, start } = world(2)
    start().stop()
    await calls[0]?.answer(echo)
    expect(calls).toHaveLength(2)
  })

  it('refuses to give a bot two calls at once', () => {
    expect(() => world(1).start()).toThrow(RangeError)
  })
})
