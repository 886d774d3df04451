import { describe, expect, it } from 'vitest'
import { summarize } from '../load/load-figures.ts'
import { divide, remarksOn } from './load-test.ts'

const rooms = {
  module: 'm',
  params: {},
  botsPerRoom: 10,
  traffic: { kind: 'chat', textBytes: 40, messageHz: 2, isReliable: true },
} as const

describe('divide', () => {
  it('leaves rooms whole, and gives every process bots of its own', () => {
    const parts = divide({ crowds: [{ link: 'rudp', bots: 70 }], rooms }, 2)
    expect(parts.map(({ crowds, firstBot }) => [crowds[0]?.bots, firstBot])).toEqual([
      [30, 0],
      [40, 30],
    ])
  })

  it('shares out every crowd', () => {
    const crowds = [
      { link: 'rudp', bots: 80 },
      { link: 'websocket', bots: 20 },
    ] as const
    const parts = divide({ crowds, rooms }, 2)
    expect(parts.map((part) => part.crowds.map(({ bots }) => bots))).toEqual([
      [40, 10],
      [40, 10],
    ])
  })

  it('leaves the load as it is for one process', () => {
    const crowds = [{ link: 'websocket', bots: 7 }] as const
    expect(divide({ crowds }, 1)).toEqual([{ crowds, firstBot: 0 }])
  })
})

describe('remarksOn', () => {
  it('says what the generator lacked and what it lost, and nothing when all is well', () => {
    const summary = summarize([])
    expect(remarksOn({ ...summary, lostDatagrams: 0, ownSocketsReason: undefined })).toEqual([])
    expect(remarksOn({ ...summary, lostDatagrams: 3, ownSocketsReason: 'no compiler' })).toEqual([
      'each bot has a socket of its own, so the generator is busy sooner: no compiler',
      'the generator has lost 3 datagrams',
    ])
  })
})
