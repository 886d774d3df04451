import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ArenaOp } from '../web/messages.ts'
import { encodeInputs, type NumberedInput } from '../web/player-input.ts'
import { type EngineBench, openEngine } from './languages/engine-bench.ts'
import { languages } from './languages/languages.ts'
import { eventsIn, type Message, RoomBench, snapshotsIn, welcomesIn, withOp } from './languages/room-bench.ts'

function steer(input: Partial<NumberedInput> = {}): Uint8Array {
  return encodeInputs([{ angle: 0, strength: 127, dash: false, number: 1, ...input }])
}

describe.each(languages)('the arena in $name', ({ name }) => {
  let engine: EngineBench
  let room: RoomBench

  beforeAll(async () => {
    engine = await openEngine(name)
  })

  afterEach(() => room.close())

  afterAll(() => engine.close())

  async function open(params: unknown = {}): Promise<void> {
    room = await RoomBench.open(engine, params)
  }

  /** Ada alone, away from the bumpers and with room to her right. */
  async function openForAda(): Promise<{ slot: number }> {
    await open({ bots: 0, seed: 5 })
    room.join(1, 'Ada')
    return { slot: welcomesIn(room.takeSent())[0]!.you }
  }

  /** Where the player is after the tick that was sent last. */
  function motionOf(slot: number) {
    return snapshotsIn(room.takeSent())
      .at(-1)
      ?.players.find((player) => player.slot === slot)
  }

  test('runs at 30 Hz with 50 seats, and ends when nobody has been there for half a minute', async () => {
    await open()
    expect(room.init).toEqual({ tickHz: 30, label: 'arena', maxPlayers: 50, emptyTimeoutMs: 30_000 })
  })

  test('has nothing to finish when the server stops', async () => {
    await open()
    expect(room.terminate(5)).toBe(false)
  })

  test('a newcomer alone is welcomed with the whole world', async () => {
    await open({ bots: 4 })
    room.join(7, 'Ada', { hue: 200 })
    const sent = room.takeSent()
    expect(withOp(sent, ArenaOp.Welcome)).toMatchObject([{ to: [7], isReliable: true }])
    const welcome = welcomesIn(sent)[0]!
    expect(welcome.players).toHaveLength(5)
    expect(welcome.players.find(({ slot }) => slot === welcome.you)).toEqual({
      slot: welcome.you,
      name: 'Ada',
      hue: 200,
      score: 0,
    })
    expect(welcome.step).toBe(0)
    expect(welcome.orbs).toHaveLength(120)
    expect(welcome.rules.tickRateHz).toBe(30)
    expect(welcome.rules.bumpers).toHaveLength(7)
  })

  test('the others hear of a newcomer by an event, and the newcomer of nothing from before', async () => {
    await open({ bots: 0 })
    room.join(1, 'Ada')
    room.tick()
    room.takeSent()
    room.join(2, 'Bob')
    room.tick()
    const sent = room.takeSent()
    const bob = { slot: 2, name: 'Bob', hue: expect.any(Number), score: 0 }
    expect(eventsIn(sent)).toContainEqual({ kind: 'enter', player: bob })
    expect(sent.map(({ op }) => op)).toEqual([ArenaOp.Welcome, ArenaOp.Events, ArenaOp.Snapshot])
  })

  test('what happened before a join is told before the welcome that contains it', async () => {
    await open({ bots: 0 })
    room.join(1, 'Ada')
    room.takeSent()
    room.join(2, 'Bob')
    expect(room.takeSent().map(({ op }) => op)).toEqual([ArenaOp.Events, ArenaOp.Welcome])
  })

  test.each<[string, unknown, string | RegExp, number | undefined]>([
    ['  ', 'red', /^Guest \d{3}$/, undefined],
    ['Bob\n', 900, 'Bob', 359],
    ['\u202eEve', -5, 'Eve', 0],
    ['Zoë 🚀', '120', 'Zoë 🚀', 120],
    ['a name without an end', 12.5, 'a name without a', undefined],
    ['Mallory', { $gt: 0 }, 'Mallory', undefined],
    ['Trent', null, 'Trent', undefined],
  ])('the name %j and the colour %j are made fit', async (username, hue, name, colour) => {
    await open({ bots: 0 })
    room.join(1, username, { hue })
    const [player] = welcomesIn(room.takeSent())[0]!.players
    expect(player?.name).toEqual(typeof name === 'string' ? name : expect.stringMatching(name))
    if (colour === undefined) {
      expect(player?.hue).toBeGreaterThanOrEqual(0)
      expect(player?.hue).toBeLessThanOrEqual(359)
    } else expect(player?.hue).toBe(colour)
  })

  test('each tick sends everybody one unreliable snapshot', async () => {
    await open({ bots: 2 })
    room.join(1, 'Ada')
    room.ticks(2)
    const sent = room.takeSent()
    const messages = withOp(sent, ArenaOp.Snapshot)
    expect(messages).toHaveLength(2)
    for (const message of messages) expect(message).toMatchObject({ to: undefined, isReliable: false })
    const [, second] = snapshotsIn(sent)
    expect(second?.step).toBe(2)
    expect(second?.players).toHaveLength(3)
  })

  test('skipped ticks are simulated, but not without end', async () => {
    await open({ bots: 0 })
    room.join(1, 'Ada')
    room.tick([], 2)
    expect(snapshotsIn(room.takeSent())).toMatchObject([{ step: 3 }])
    room.tick([], 1000)
    expect(snapshotsIn(room.takeSent())).toMatchObject([{ step: 9 }])
  })

  test('an arena without people stands still and is silent', async () => {
    await open()
    room.ticks(2)
    expect(room.takeSent()).toEqual([])
    room.join(1, 'Ada')
    expect(welcomesIn(room.takeSent())[0]?.step).toBe(0)
  })

  test('an input moves its sender, and the snapshot acknowledges it', async () => {
    const { slot } = await openForAda()
    room.tick()
    const start = motionOf(slot)!
    room.tick([{ from: 1, op: ArenaOp.Input, data: steer({ number: 300 }) }])
    room.ticks(10)
    const end = motionOf(slot)!
    expect(end.x).toBeGreaterThan(start.x + 60)
    expect(end.acknowledged).toBe(300 & 0xff)
  })

  test('a dash is told to all, ends protection, and has to recharge', async () => {
    const { slot } = await openForAda()
    room.tick([{ from: 1, op: ArenaOp.Input, data: steer({ dash: true }) }])
    const sent = room.takeSent()
    expect(eventsIn(sent)).toContainEqual({ kind: 'dash', slot })
    expect(snapshotsIn(sent)[0]?.players[0]).toMatchObject({ cooldownTicks: 54, isProtected: false })
    room.tick([{ from: 1, op: ArenaOp.Input, data: steer({ dash: true, number: 2 }) }])
    expect(eventsIn(room.takeSent()).filter(({ kind }) => kind === 'dash')).toEqual([])
  })

  test('orbs that a player runs into become its score, and grow back', async () => {
    const { slot } = await openForAda()
    const taken: number[] = []
    let score = 0
    for (let number = 1; number <= 600; number += 1) {
      // A circle, wide enough to meet something.
      room.tick([{ from: 1, op: ArenaOp.Input, data: steer({ angle: (number >> 1) & 0xff, number }) }])
      for (const event of eventsIn(room.takeSent())) {
        if (event.kind === 'take') taken.push(event.orbId)
        if (event.kind === 'score') score = event.score
      }
    }
    expect(taken.length).toBeGreaterThan(3)
    expect(new Set(taken).size).toBe(taken.length)
    room.join(2, 'Bob')
    const welcome = welcomesIn(room.takeSent())[0]!
    expect(welcome.players.find((player) => player.slot === slot)?.score).toBe(score)
    expect(score).toBeGreaterThanOrEqual(taken.length)
    expect(welcome.orbs).toHaveLength(124)
    expect(welcome.orbs.filter(({ id }) => taken.includes(id))).toEqual([])
  })

  test('bots play: they collect, dash, bump and hit, and scores follow', async () => {
    await open({ bots: 30, seed: 12 })
    room.join(1, 'Ada')
    const counts = new Map<string, number>()
    for (let second = 0; second < 30; second += 1) {
      room.ticks(30)
      for (const { kind } of eventsIn(room.takeSent())) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
    for (const kind of ['take', 'score', 'dash', 'hit', 'bump', 'bumper', 'orb']) {
      expect([kind, counts.get(kind) ?? 0]).toEqual([kind, expect.toSatisfy((count: number) => count > 5)])
    }
  })

  test('who leaves is gone for the others, and a bot takes the seat', async () => {
    await open({ bots: 50 })
    room.join(1, 'Ada')
    room.join(2, 'Bob')
    room.tick()
    const { you } = welcomesIn(room.takeSent())[1]!
    room.leave(2)
    room.tick()
    const sent = room.takeSent()
    expect(eventsIn(sent)).toContainEqual({ kind: 'leave', slot: you })
    const players = snapshotsIn(sent)[0]!.players
    expect(players).toHaveLength(50)
    // Slots go round: the bot got another one than Bob had, so that no late snapshot moves it.
    expect(players.map(({ slot }) => slot).filter((slot) => slot === you)).toHaveLength(1)
  })

  test('a leave of somebody who is not there changes nothing', async () => {
    await open({ bots: 0 })
    room.join(1, 'Ada')
    room.leave(2)
    room.leave(1)
    room.leave(1)
    room.tick()
    room.takeSent()
    room.join(3, 'Bob')
    expect(welcomesIn(room.takeSent())[0]?.players).toHaveLength(1)
  })

  test('50 people fit in, every bot yields, and nobody else fits', async () => {
    await open({ bots: 20 })
    for (let member = 1; member <= 50; member += 1) room.join(member, `P${member}`)
    room.tick()
    const sent = room.takeSent()
    expect(welcomesIn(sent).map(({ to }) => to)).toEqual(Array.from({ length: 50 }, (_, i) => [i + 1]))
    expect(snapshotsIn(sent)[0]?.players).toHaveLength(50)
    expect(withOp(sent, ArenaOp.Snapshot)[0]?.data).toHaveLength(555)
    // The server lets nobody in beyond the seats; if it did, that would be a fault worth ending the room for.
    expect(() => room.join(51, 'Eve')).toThrow('the arena is full')
  })

  describe('what hostile clients send', () => {
    test.each<[string, Omit<Message, 'from'>]>([
      ['nothing', { op: ArenaOp.Input, data: new Uint8Array() }],
      ['half an input', { op: ArenaOp.Input, data: new Uint8Array([1, 0, 9]) }],
      ['too many inputs', { op: ArenaOp.Input, data: new Uint8Array(12).fill(255) }],
      ['a frame full of noise', { op: ArenaOp.Input, data: new Uint8Array(16_000).fill(170) }],
      ['a number', { op: ArenaOp.Input, data: 7 }],
      ['null', { op: ArenaOp.Input, data: null }],
      ['a list', { op: ArenaOp.Input, data: [1, 2, 3, 4] }],
      ['a map', { op: ArenaOp.Input, data: { length: 4, 0: 1, __proto__: { x: 1 } } }],
      ['text', { op: ArenaOp.Input, data: 'please let me win' }],
      ['an unknown operation', { op: 9, data: steer() }],
      ['an operation of the room', { op: ArenaOp.Snapshot, data: steer() }],
    ])('%s is ignored', async (_, message) => {
      const { slot } = await openForAda()
      room.tick([{ from: 1, ...message }])
      room.ticks(3)
      expect(motionOf(slot)).toMatchObject({ vx: 0, vy: 0, acknowledged: 0 })
    })

    test('inputs of somebody who left, or never came, move nobody', async () => {
      const { slot } = await openForAda()
      room.join(2, 'Bob')
      room.leave(2)
      room.tick([
        { from: 2, op: ArenaOp.Input, data: steer() },
        { from: 3, op: ArenaOp.Input, data: steer() },
      ])
      expect(motionOf(slot)).toMatchObject({ vx: 0, vy: 0 })
    })

    test('a flood moves nobody faster: one input is used per tick, and few wait', async () => {
      const { slot } = await openForAda()
      const flood = Array.from({ length: 1_000 }, (_, index) => ({
        from: 1,
        op: ArenaOp.Input,
        data: steer({ number: index + 1 }),
      }))
      room.tick(flood)
      const first = motionOf(slot)!
      // Three were left waiting: the newest.
      expect(first.acknowledged).toBe(998 & 0xff)
      expect(first.vx).toBeLessThan(345 * 0.21)
      room.ticks(2)
      expect(motionOf(slot)?.acknowledged).toBe(1_000 & 0xff)
      room.tick()
      expect(motionOf(slot)?.acknowledged).toBe(1_000 & 0xff)
    })

    test('a flood of dashes is one dash', async () => {
      await openForAda()
      let dashes = 0
      for (let tick = 0; tick < 50; tick += 1) {
        const burst = Array.from({ length: 20 }, (_, index) => ({
          from: 1,
          op: ArenaOp.Input,
          data: steer({ dash: true, number: tick * 20 + index + 1 }),
        }))
        room.tick(burst)
        dashes += eventsIn(room.takeSent()).filter(({ kind }) => kind === 'dash').length
      }
      expect(dashes).toBe(1)
    })
  })
})
