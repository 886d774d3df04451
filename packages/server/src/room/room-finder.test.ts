import { KaosError } from '@kaosnet/protocol'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { RoomId } from '../ids.ts'
import { type GatewayWorld, gatewayWorld } from '../testing/gateway-world.ts'
import { settled } from '../testing/promises.ts'
import { checkAsyncProperty } from '../testing/property.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import type { TestSession } from '../testing/test-session.ts'
import type { RoomWanted } from './room-admission.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

interface Finds {
  readonly world: GatewayWorld
  /** Rooms that searches ended in. */
  readonly found: RoomId[]
  find(player: TestSession, wanted?: Partial<RoomWanted>): void
  /** Starts the rooms that wait for it. */
  start(maxPlayers: number, label?: string): void
  /** The game's answer to whoever has asked for a seat. */
  answer(isAccepted: boolean): void
  refusals(player: TestSession): string[]
}

function finds(config: Parameters<typeof gatewayWorld>[1] = {}): Finds {
  const world = gatewayWorld(metrics, config)
  const { clock, gateway, host, rooms } = world
  const found: RoomId[] = []
  let requests = 0
  let answered = 0
  return {
    world,
    found,
    find({ session }, wanted = {}) {
      const create = () => gateway.create('game', {}, session.id)
      const all = { module: 'game', query: undefined, create, ...wanted }
      const request = { session, requestId: ++requests, metadata: undefined, password: undefined }
      gateway.admission.find(request, all, (roomId) => found.push(roomId))
    },
    start(maxPlayers, label = '') {
      for (const room of [...rooms]) {
        if (room.phase !== 'creating') continue
        gateway.roomRunning(room.id, { label, tickHz: 10, maxPlayers, version: 'v1' })
      }
    },
    answer(isAccepted) {
      const asked = host.taken('join').slice(answered)
      answered += asked.length
      for (const { roomId, member } of asked) {
        if (isAccepted) gateway.joinAccepted(roomId, member.member)
        else gateway.joinRejected(roomId, member.member, 'no')
      }
      clock.advance(0)
    },
    refusals: ({ connection }) => connection.errors,
  }
}

const sizes = ({ world }: Finds) => [...world.rooms].map(({ size }) => size)

describe('finding a room', () => {
  it('takes a seat of the best one that runs and matches', () => {
    const all = finds()
    all.world.run({ label: 'mode:ffa' })
    const duel = all.world.run({ label: '{"mode":"duel"}' })
    all.find(all.world.connect(), { query: '+label.mode:duel' })
    all.answer(true)
    expect(all.found).toEqual([duel.id])
    expect(all.world.rooms.size).toBe(2)
  })

  it('makes one where none matches, and its maker is in it whatever its label', () => {
    const all = finds()
    all.world.run()
    all.find(all.world.connect(), { query: '+label.mode:duel' })
    all.start(2, 'another label')
    all.answer(true)
    expect(sizes(all)).toEqual([0, 1])
  })

  it('makes one room for all who look at once, while it has seats', () => {
    const all = finds()
    for (let count = 0; count < 50; count++) all.find(all.world.connect())
    expect(all.world.host.taken('create')).toHaveLength(1)
    all.start(50)
    all.answer(true)
    expect(sizes(all)).toEqual([50])
    expect(new Set(all.found).size).toBe(1)
  })

  it('makes exactly as many as are needed when there is not room for all', () => {
    const all = finds()
    for (let count = 0; count < 100; count++) all.find(all.world.connect())
    for (let turn = 0; turn < 50; turn++) {
      all.start(2)
      all.answer(true)
    }
    expect(sizes(all)).toEqual(Array(50).fill(2))
    expect(all.found).toHaveLength(100)
  })

  it('keeps those apart that look for different things', () => {
    const all = finds()
    all.find(all.world.connect(), { query: '+label:a' })
    all.find(all.world.connect(), { query: '+label:b' })
    expect(all.world.host.taken('create')).toHaveLength(2)
  })

  it('goes on to the next room when one refuses, and to a new one in the end', () => {
    const all = finds()
    for (let count = 0; count < 3; count++) all.world.run()
    const player = all.world.connect()
    all.find(player)
    for (let turn = 0; turn < 3; turn++) all.answer(false)
    expect(all.world.rooms.size).toBe(4)
    all.start(8)
    all.answer(true)
    expect(sizes(all)).toEqual([0, 0, 0, 1])
    expect(all.refusals(player)).toEqual([])
  })

  it('asks no more than eight rooms before it makes one, and tells what that says', () => {
    const all = finds()
    for (let count = 0; count < 12; count++) all.world.run()
    const player = all.world.connect()
    all.find(player)
    for (let turn = 0; turn < 8; turn++) all.answer(false)
    expect(all.world.rooms.size).toBe(13)
    all.start(8)
    all.answer(false)
    expect(all.refusals(player)).toEqual(['ROOM_JOIN_REJECTED'])
    expect(all.found).toEqual([])
  })

  it('goes on when the room ends that was asked', () => {
    const all = finds()
    const room = all.world.run()
    all.find(all.world.connect())
    all.world.gateway.roomEnded(room.id, { reason: 'finished' })
    all.world.clock.advance(0)
    all.start(2)
    all.answer(true)
    expect(sizes(all)).toEqual([1])
  })

  it('tells only its maker when a room does not start; the next of those who wait makes another', () => {
    const all = finds()
    const [ada, bob] = [all.world.connect(), all.world.connect()]
    for (const player of [ada, bob]) all.find(player)
    const [first] = [...all.world.rooms]
    if (first !== undefined) all.world.gateway.roomEnded(first.id, { reason: 'init-failed', error: 'boom' })
    all.start(2)
    all.answer(true)
    expect([all.refusals(ada), all.refusals(bob)]).toEqual([['ROOM_INIT_FAILED'], []])
    expect(sizes(all)).toEqual([1])
  })

  it('lets those go on who wait for somebody that may not create, or is gone', () => {
    const all = finds()
    const [ada, bob, eve] = [all.world.connect(), all.world.connect(), all.world.connect()]
    let deny: (error: Error) => void = () => {}
    const asking = new Promise<never>((_, reject) => {
      deny = reject
    })
    all.find(ada, { create: () => asking })
    for (const player of [bob, eve]) all.find(player)
    bob.session.markEnded()
    deny(new KaosError('ROOM_CREATE_DENIED'))
    return settled().then(() => {
      all.start(2)
      all.answer(true)
      expect(all.refusals(ada)).toEqual(['ROOM_CREATE_DENIED'])
      expect([sizes(all), all.found.length]).toEqual([[1], 1])
    })
  })

  it('never ends in a room that the session is in already, and holds to its bound on rooms', () => {
    const all = finds({ limits: { roomsPerSession: 2 } })
    const player = all.world.connect()
    for (let turn = 0; turn < 2; turn++) {
      all.find(player)
      all.start(8)
      all.answer(true)
    }
    expect(sizes(all)).toEqual([1, 1])
    expect(() => all.find(player)).toThrow('at most 2 rooms')
    const another = all.world.connect()
    for (let turn = 0; turn < 2; turn++) all.find(another, { query: '+label:none' })
    expect(() => all.find(another)).toThrow('at most 2 rooms')
  })

  it.each([['a query that cannot be read', { query: '+size:' }, 'INVALID_PAYLOAD']])(
    'refuses %s',
    (_, wanted, error) => {
      const all = finds()
      expect(() => all.find(all.world.connect(), wanted)).toThrow(expect.objectContaining({ error }))
    },
  )
})

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant('find' as const) },
  { weight: 3, arbitrary: fc.constant('find behind a hook' as const) },
  { weight: 3, arbitrary: fc.constant('hook' as const) },
  { weight: 4, arbitrary: fc.constant('start' as const) },
  { weight: 8, arbitrary: fc.constant('answer' as const) },
  { weight: 2, arbitrary: fc.constant('leave' as const) },
  { weight: 1, arbitrary: fc.constant('vanish' as const) },
)

/** Everything that can be late is, by chance; then all of it comes, and all of it must add up. */
async function randomFinds(
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
  seed: number,
) {
  const SEATS = 3
  const world = gatewayWorld(metrics, { limits: { roomsCreatedPerSession: 1_000 } })
  const { clock, gateway, host, rooms } = world
  const random = seededRandom(seed)
  const pick = <T>(items: T[]): T | undefined =>
    items.splice(random.uint32() % Math.max(1, items.length), 1)[0]
  const players: TestSession[] = []
  const hooks: (() => void)[] = []
  const starting: RoomId[] = []
  let created = 0
  let asked = 0
  let joined = 0
  let gone = 0
  const open: { roomId: RoomId; member: number }[] = []
  const look = (): void => {
    for (const { spec } of host.taken('create').slice(created)) starting.push(spec.id)
    created = host.taken('create').length
    for (const { roomId, member } of host.taken('join').slice(asked))
      open.push({ roomId, member: member.member })
    asked = host.taken('join').length
    for (const { seats, traits, phase } of rooms) {
      if (phase === 'running') expect(seats.size).toBeLessThanOrEqual(traits.maxPlayers)
    }
  }
  const act = async (kind: (typeof steps)[number]): Promise<void> => {
    switch (kind) {
      case 'find':
      case 'find behind a hook': {
        const player = world.connect()
        players.push(player)
        const make = () => gateway.create('game', {}, undefined)
        const create =
          kind === 'find' ? make : () => new Promise<void>((resolve) => hooks.push(resolve)).then(make)
        const request = { session: player.session, requestId: 1, metadata: undefined, password: undefined }
        gateway.admission.find(request, { module: 'game', query: undefined, create }, () => joined++)
        break
      }
      case 'hook':
        pick(hooks)?.()
        break
      case 'start': {
        const id = pick(starting)
        if (id !== undefined)
          gateway.roomRunning(id, { label: '', tickHz: 10, maxPlayers: SEATS, version: 'v1' })
        break
      }
      case 'answer': {
        const answer = pick(open)
        if (answer !== undefined) gateway.joinAccepted(answer.roomId, answer.member)
        break
      }
      case 'leave': {
        const session = players[random.uint32() % Math.max(1, players.length)]?.session
        const [membership] = session === undefined ? [] : session.memberships
        const seat =
          membership === undefined ? undefined : rooms.find(membership.roomId)?.seats.get(membership.member)
        if (session !== undefined && seat?.kind === 'occupied') gateway.leave(session, 2, seat.handle)
        break
      }
      case 'vanish': {
        const player = pick(players)
        if (player === undefined) break
        player.session.markEnded()
        gateway.dropSession(player.session, 'dropped')
        gone++
        break
      }
    }
    await settled()
    clock.advance(0)
    look()
  }
  for (const kind of steps) await act(kind)
  while (hooks.length + starting.length + open.length > 0) {
    for (const kind of ['hook', 'start', 'answer'] as const) await act(kind)
  }
  expect(joined).toBeGreaterThanOrEqual(players.length)
  expect(joined).toBeLessThanOrEqual(players.length + gone)
  for (const player of players) expect(player.connection.errors).toEqual([])
}

describe('whatever is late', () => {
  it('nobody is refused, everybody is in, and no room has more players than seats', async () => {
    await checkAsyncProperty(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) =>
        randomFinds(steps, seed),
      ),
      200,
    )
  })
})
