import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EngineBench, openEngine } from './languages/engine-bench.ts'
import { languages } from './languages/languages.ts'
import { RoomBench, welcomesIn } from './languages/room-bench.ts'

const DEFAULT_BOTS = 6

describe.each(languages)('an arena in $name is created', ({ name }) => {
  let engine: EngineBench

  beforeAll(async () => {
    engine = await openEngine(name)
  })

  afterAll(() => engine.close())

  describe('with a number of bots that', () => {
    test.each<[string, unknown, Record<string, string>, number]>([
      ['the default', {}, {}, DEFAULT_BOTS],
      ['the default without params', undefined, {}, DEFAULT_BOTS],
      ['the default for params that are none', 'bots', {}, DEFAULT_BOTS],
      ['what the environment says, as text', {}, { bots: '9' }, 9],
      ['what the params say, before the environment', { bots: 3 }, { bots: '9' }, 3],
      ['params that came as text', { bots: '4' }, {}, 4],
      ['none for 0', { bots: 0 }, {}, 0],
      ['none for less', { bots: -3 }, {}, 0],
      ['no more than seats', { bots: 500 }, {}, 49],
      ['what the environment says for nonsense', { bots: 'many' }, { bots: '2' }, 2],
      ['the default for half a bot', { bots: 1.5 }, {}, DEFAULT_BOTS],
      ['the default for a list', { bots: [3] }, {}, DEFAULT_BOTS],
      ['the default for yes', { bots: true }, {}, DEFAULT_BOTS],
      ['the default for what is no number', { bots: Number.NaN }, { bots: '' }, DEFAULT_BOTS],
      ['the default for no end of bots', { bots: Number.POSITIVE_INFINITY }, { bots: 'x' }, DEFAULT_BOTS],
      ['as many as fit for a number beyond counting', { bots: 2 ** 60 }, {}, 49],
    ])('is %s', async (_, params, env, bots) => {
      const configured = await openEngine(name, env)
      const room = await RoomBench.open(configured, params)
      room.join(1, 'Ada')
      expect(welcomesIn(room.takeSent())[0]?.players).toHaveLength(bots + 1)
      room.close()
      configured.close()
    })
  })

  /** What Ada sees first in a new room. */
  async function firstSight(params: unknown): Promise<unknown> {
    const opened = await RoomBench.open(engine, params)
    opened.join(1, 'Ada', { hue: 3 })
    const { players, orbs } = welcomesIn(opened.takeSent())[0]!
    opened.close()
    return { players, orbs: new Set(orbs.map(({ x, y }) => `${x} ${y}`)) }
  }

  test('the same by the same seed, and another by another', async () => {
    expect(await firstSight({ seed: 8 })).toEqual(await firstSight({ seed: 8 }))
    expect(await firstSight({ seed: 8 })).not.toEqual(await firstSight({ seed: 9 }))
  })

  test('unlike any other without a seed', async () => {
    expect(await firstSight({})).not.toEqual(await firstSight({}))
  })
})
