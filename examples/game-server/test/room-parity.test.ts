import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ArenaOp } from '../web/messages.ts'
import { encodeInputs } from '../web/player-input.ts'
import { type EngineBench, openEngine } from './languages/engine-bench.ts'
import { RoomBench, type Sent } from './languages/room-bench.ts'

let engines: readonly EngineBench[]

beforeAll(async () => {
  engines = [await openEngine('Lua'), await openEngine('TypeScript')]
})

afterAll(() => {
  for (const engine of engines) engine.close()
})

const member = fc.integer({ min: 1, max: 8 })

const input = fc.record({ angle: fc.nat(255), strength: fc.nat(127), dash: fc.boolean() })

/** Mostly of the same few numbers, so that messages repeat, overtake and jump. */
const steering = fc
  .tuple(fc.array(input, { minLength: 1, maxLength: 4 }), fc.oneof(fc.nat(60), fc.nat(0xffff)))
  .map(([inputs, first]) => encodeInputs(inputs.map((one, index) => ({ ...one, number: first + index }))))

/** What no client of the game sends. Text is left out: Lua takes it for bytes. */
const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 14 }),
  fc.integer(),
  fc.double(),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: 5 }),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 4 }),
)

const message = fc.record({
  from: member,
  op: fc.oneof({ weight: 9, arbitrary: fc.constant(ArenaOp.Input as number) }, fc.nat(0xffff)),
  data: fc.oneof({ weight: 9, arbitrary: steering }, garbage as fc.Arbitrary<unknown>),
})

const action = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      member,
      username: fc.string({ unit: 'grapheme', maxLength: 24 }),
      metadata: fc.option(
        fc.record({ hue: fc.oneof(fc.integer(), fc.double(), fc.constantFrom('77', 'red', null, true)) }),
        { nil: undefined },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), member }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      messages: fc.array(message, { maxLength: 12 }),
      skipped: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(9)),
      quietTicks: fc.nat(25),
    }),
  },
)

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** Plays a script in one language and returns every message that the room sent. */
async function play(engine: EngineBench, params: unknown, script: readonly Action[]): Promise<Sent[]> {
  const room = await RoomBench.open(engine, params)
  const members = new Set<number>()
  for (const step of script) {
    switch (step.kind) {
      case 'join':
        if (!members.has(step.member)) room.join(step.member, step.username, step.metadata)
        members.add(step.member)
        break
      case 'leave':
        room.leave(step.member)
        members.delete(step.member)
        break
      case 'tick':
        room.tick(step.messages, step.skipped)
        room.ticks(step.quietTicks)
        break
      default:
        step satisfies never
    }
  }
  const sent = room.takeSent()
  room.close()
  return sent.map(withSortedOrbs)
}

/** The orbs of a welcome have no order. */
function withSortedOrbs(sent: Sent): Sent {
  if (sent.op !== ArenaOp.Welcome) return sent
  const { orbs, ...welcome } = sent.data as { orbs: { orb: number }[] }
  return { ...sent, data: { ...welcome, orbs: orbs.toSorted((a, b) => a.orb - b.orb) } }
}

test('a room sends the same in Lua and in TypeScript, whatever its members do', async () => {
  const [lua, typescript] = engines
  const game = fc.asyncProperty(
    fc.record({ seed: fc.integer(), bots: fc.constantFrom(0, 6, 46, 50) }),
    fc.array(action, { minLength: 20, maxLength: 80 }),
    async (params, script) => {
      expect(await play(typescript!, params, script)).toEqual(await play(lua!, params, script))
    },
  )
  await fc.assert(game, { seed: 20_261_126, numRuns: 25, endOnFailure: true })
})
