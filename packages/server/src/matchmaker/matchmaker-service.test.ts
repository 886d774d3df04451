import type { ClientPayload, ErrorName } from '@kaosnet/protocol'
import { ErrorTable, WireLimits } from '@kaosnet/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import type { ServerConfigInput } from '../config.ts'
import type { RoomId } from '../ids.ts'
import type { ScriptCall } from '../room/room-host.ts'
import { settled } from '../testing/promises.ts'
import { readMetric } from '../testing/read-metric.ts'
import {
  type RouterClient,
  type RouterScripts,
  type RouterWorld,
  routerWorld,
} from '../testing/router-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

type Looking = Omit<ClientPayload<'MatchmakerAdd'>, 'id' | 'module' | 'min' | 'max'> & {
  readonly module?: string
  readonly min?: number
  readonly max?: number
}

interface World extends RouterWorld {
  /** Players with a session. */
  players(count: number): Promise<RouterClient[]>
  /** Hands in a ticket of a duel; its id. */
  look(player: RouterClient | undefined, request?: Looking): Promise<string>
  /** Lets so much time pass, and everything that it sets off. */
  pass(forMs: number): Promise<void>
  /** Starts the room that was made last. */
  start(maxPlayers?: number): Promise<RoomId>
  made(): number
}

function world(config: ServerConfigInput = {}, scripts: RouterScripts = {}): World {
  const router = routerWorld(metrics, config, scripts)
  const { clock, gateway, host } = router
  let requests = 100
  return {
    ...router,
    async players(count) {
      const clients = Array.from({ length: count }, () => router.connect())
      for (const client of clients) await client.start()
      return clients
    },
    async look(player, request = {}) {
      if (player === undefined) throw new Error('no such player')
      const id = ++requests
      await player.request('MatchmakerAdd', { id, module: 'game', min: 2, max: 2, ...request })
      return player.connection.payloads('MatchmakerAdd').find((reply) => reply.id === id)?.ticket ?? ''
    },
    async pass(forMs) {
      clock.advance(forMs)
      await settled()
    },
    async start(maxPlayers = 8) {
      const id = host.taken('create').at(-1)?.spec.id as RoomId
      gateway.roomRunning(id, { label: '', tickHz: 10, maxPlayers, version: 'v1' })
      await settled()
      return id
    },
    made: () => host.taken('create').length,
  }
}

/** What became of a player's tickets: `waiting`, `matched`, or the error's name. */
function fates(player: RouterClient | undefined): string[] {
  return (player?.connection.payloads('MatchmakerTicket') ?? []).map(({ state, code = 0 }) => {
    if (state !== 'ended') return state
    return code === 0
      ? 'ended'
      : (Object.entries(ErrorTable).find(([, entry]) => entry.code === code)?.[0] ?? '?')
  })
}

const sessionOf = (player: RouterClient | undefined) => player?.inbox.session?.id ?? ''

describe('a match', () => {
  it('gives everybody a reserved seat in one room of the module, and tells who is in it', async () => {
    const { players, look, pass, start, host, rooms } = world()
    const [ann, bob] = await players(2)
    const tickets = [
      await look(ann, { properties: { rank: 10 } }),
      await look(bob, { properties: { rank: 20 } }),
    ]
    await pass(1_000)
    const roomId = await start(2)
    const told = [ann, bob].map((player) => player?.connection.payloads('MatchmakerTicket')[0])
    expect(told).toEqual(
      tickets.map((ticket) => ({
        ticket,
        state: 'matched',
        room_id: roomId,
        reservation: expect.any(String),
        expires_ms: 15_000,
        players: [
          {
            session: sessionOf(ann),
            user_id: expect.any(String),
            username: expect.any(String),
            properties: { rank: 10 },
          },
          {
            session: sessionOf(bob),
            user_id: expect.any(String),
            username: expect.any(String),
            properties: { rank: 20 },
          },
        ],
      })),
    )
    expect(rooms.find(roomId)?.freeSeats).toBe(0)
    await bob?.request('RoomJoin', { id: 9, room_id: roomId, reservation: told[1]?.reservation })
    expect(host.taken('join').map(({ member }) => member.sessionId)).toEqual([sessionOf(bob)])
  })

  it('cannot be joined with the seat of another', async () => {
    const { players, look, pass, start } = world()
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player)
    await pass(1_000)
    const roomId = await start(2)
    const reservation = bob?.connection.payloads('MatchmakerTicket')[0]?.reservation
    await ann?.request('RoomJoin', { id: 9, room_id: roomId, reservation })
    expect(ann?.connection.errors).toEqual(['RESERVATION_INVALID'])
  })

  it('gives the module the params of the ticket that waited longest, and the players', async () => {
    const { players, look, pass, host } = world()
    const [ann, bob] = await players(2)
    await look(ann, { params: { map: 'harbour' } })
    await look(bob, { params: { map: 'forest' } })
    await pass(1_000)
    expect(host.taken('create')[0]?.spec).toMatchObject({
      module: 'game',
      params: { map: 'harbour', players: [{ session: sessionOf(ann) }, { session: sessionOf(bob) }] },
    })
  })

  it('keeps its seats from others while the room starts', async () => {
    const { players, look, pass, start, made } = world()
    const [ann, bob, eve] = await players(3)
    for (const player of [ann, bob]) await look(player)
    await pass(1_000)
    const find = { module: 'game' }
    const roomId = await start(2)
    await eve?.request('RoomJoin', { id: 9, find })
    expect([made(), fates(ann), fates(bob)]).toEqual([2, ['matched'], ['matched']])
    await eve?.request('RoomJoin', { id: 10, room_id: roomId })
    expect(eve?.connection.errors).toEqual(['ROOM_FULL'])
  })

  it('gives the seat back when its player does not come', async () => {
    const { players, look, pass, start, rooms, clock } = world()
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player)
    await pass(1_000)
    const roomId = await start(2)
    clock.advance(60_000)
    expect(rooms.find(roomId)?.freeSeats).toBe(2)
  })

  it('is counted, with its players', async () => {
    const before = await readMetric(metrics, 'kaosnet_matched_players_total', { module: 'game' })
    const { players, look, pass } = world()
    for (const player of await players(2)) await look(player)
    await pass(1_000)
    expect(await readMetric(metrics, 'kaosnet_matched_players_total', { module: 'game' })).toBe(before + 2)
  })

  it('is told without properties, and cut, when it does not fit a frame', async () => {
    const { players, look, pass, start } = world({ limits: { rooms: 10 } })
    const many = await players(WireLimits.matchPlayers)
    const properties = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`p${n}`, 'x'.repeat(100)]))
    const size = WireLimits.matchPlayers
    for (const player of many) await look(player, { min: size, max: size, properties })
    await pass(5_000)
    await start(size)
    const [told] = many[0]?.connection.payloads('MatchmakerTicket') ?? []
    expect([told?.players?.length, told?.players?.[0]?.properties]).toEqual([size, undefined])
  })
})

describe('a match that gets no room', () => {
  it.each([
    ['the module fails', 'ROOM_INIT_FAILED'],
    ['the room has too few seats', 'ROOM_FULL'],
  ] as const)('because %s ends its tickets with %s', async (_, error: ErrorName) => {
    const { players, look, pass, start, gateway, host, rooms } = world()
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player)
    await pass(1_000)
    if (error === 'ROOM_FULL') await start(1)
    else
      gateway.roomEnded(host.taken('create')[0]?.spec.id as RoomId, { reason: 'init-failed', error: 'boom' })
    await settled()
    expect([fates(ann), fates(bob)]).toEqual([[error], [error]])
    for (const room of rooms) expect(room.seats.size).toBe(0)
  })

  it('because there may be no further room ends its tickets, and others can look again', async () => {
    const { players, look, pass, run, gateway } = world({ limits: { rooms: 1 } })
    const other = run()
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player)
    await pass(1_000)
    expect(fates(ann)).toEqual(['TOO_MANY_ROOMS'])
    gateway.roomEnded(other, { reason: 'finished' })
    for (const player of [ann, bob]) await look(player)
    await pass(1_000)
    expect(fates(ann)).toEqual(['TOO_MANY_ROOMS'])
  })
})

describe('a ticket', () => {
  it('can be taken back, and is then in no match', async () => {
    const { players, look, pass, made, matchmaker } = world()
    const [ann, bob] = await players(2)
    const ticket = await look(ann)
    await look(bob)
    await ann?.request('MatchmakerRemove', { id: 5, ticket })
    await pass(20_000)
    expect(ann?.connection.payloads('MatchmakerRemove')).toEqual([{ id: 5 }])
    expect([fates(ann), made(), matchmaker.size]).toEqual([[], 0, 1])
    await ann?.request('MatchmakerRemove', { id: 6, ticket })
    expect(ann?.connection.errors).toEqual(['TICKET_NOT_FOUND'])
  })

  it('of another is not found', async () => {
    const { players, look } = world()
    const [ann, bob] = await players(2)
    const ticket = await look(ann)
    await bob?.request('MatchmakerRemove', { id: 5, ticket })
    expect(bob?.connection.errors).toEqual(['TICKET_NOT_FOUND'])
  })

  it('ends with its session', async () => {
    const { players, look, pass, made, matchmaker } = world()
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player, { min: 3, max: 3 })
    ann?.inbox.onClosed('gone')
    expect(matchmaker.size).toBe(1)
    await pass(20_000)
    expect(made()).toBe(0)
  })

  it('waits on while its session is away, and tells it of the match when it is back', async () => {
    const { players, look, pass, start, matchmaker } = world({ session: { resumeWindowMs: 30_000 } })
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player)
    ann?.inbox.onClosed('lost')
    expect(matchmaker.size).toBe(2)
    await pass(1_000)
    await start(2)
    expect(fates(bob)).toEqual(['matched'])
    expect(ann?.inbox.session?.isEnded).toBe(false)
  })

  it('expires, and says so', async () => {
    const { players, look, pass } = world({
      matchmaker: { ticketMaxMs: 5_000 },
      session: { timeoutMs: 3_600_000 },
    })
    const [ann] = await players(1)
    await look(ann)
    await pass(7_000)
    expect(fates(ann)).toEqual(['TICKET_EXPIRED'])
  })

  it.each([
    ['of a module that is none', { module: 'nope' }, 'ROOM_MODULE_NOT_FOUND'],
    ['of more players at least than at most', { min: 3, max: 2 }, 'INVALID_PAYLOAD'],
    ['with a query that cannot be read', { query: '+size:' }, 'INVALID_PAYLOAD'],
    ['with stages out of order', { widen: [{ after_ms: 0, query: '' }] }, 'INVALID_PAYLOAD'],
    ['for a party that is none', { party: true }, 'PARTY_NOT_JOINED'],
  ] as const)('%s is refused', async (_, request, error) => {
    const { players, look, matchmaker } = world()
    const [ann] = await players(1)
    await look(ann, request)
    expect([ann?.connection.errors, matchmaker.size]).toEqual([[error], 0])
  })

  it('is refused above the bounds of the server and of one session', async () => {
    const { players, look } = world({ limits: { matchmakerTickets: 3, ticketsPerSession: 2 } })
    const [ann, bob] = await players(2)
    for (let count = 0; count < 3; count++) await look(ann, { min: 9, max: 9 })
    for (let count = 0; count < 2; count++) await look(bob, { min: 9, max: 9 })
    expect([ann?.connection.errors, bob?.connection.errors]).toEqual([
      ['TOO_MANY_REQUESTS'],
      ['MATCHMAKER_FULL'],
    ])
  })

  it('ends when the server does, and none comes after it', async () => {
    const { players, look, matchmaker } = world()
    const [ann] = await players(1)
    await look(ann)
    matchmaker.close()
    await look(ann)
    expect([fates(ann), ann?.connection.errors]).toEqual([['SHUTTING_DOWN'], ['SHUTTING_DOWN']])
  })
})

describe('the ticket of a party', () => {
  async function partyWorld(size: number, config: ServerConfigInput = {}) {
    const all = world(config)
    const members = await all.players(size)
    const [leader, ...others] = members
    await leader?.request('Party', { id: 1, action: 'create' })
    const party = leader?.connection.payloads('Party')[0]?.party
    for (const other of others) await other.request('Party', { id: 1, action: 'join', party })
    return { ...all, members, leader, others }
  }

  it('is handed in by its leader alone, and the others are told', async () => {
    const { look, leader, others } = await partyWorld(2)
    await look(others[0], { party: true })
    expect(others[0]?.connection.errors).toEqual(['PARTY_LEADER_ONLY'])
    const ticket = await look(leader, { party: true, max: 4 })
    expect(others[0]?.connection.payloads('MatchmakerTicket')).toEqual([{ ticket, state: 'waiting' }])
    expect(fates(leader)).toEqual([])
  })

  it('never splits it: all are matched together, each with a seat of its own', async () => {
    const { look, leader, others, players, pass, start } = await partyWorld(3)
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player, { min: 4, max: 4 })
    await look(leader, { min: 4, max: 4, party: true })
    await pass(20_000)
    await start(8)
    const seats = [ann, leader, ...others].map(
      (one) => one?.connection.payloads('MatchmakerTicket').at(-1)?.reservation,
    )
    expect(new Set(seats).size).toBe(4)
    expect(fates(bob)).toEqual([])
    const told = ann?.connection
      .payloads('MatchmakerTicket')[0]
      ?.players?.map(({ party }) => party !== undefined)
    expect(told).toEqual([false, true, true, true])
  })

  it.each([
    ['joins', 'join'],
    ['leaves', 'leave'],
    ['is kicked', 'kick'],
  ] as const)('ends when somebody %s', async (_, action) => {
    const { look, leader, others, players, matchmaker } = await partyWorld(2)
    await look(leader, { party: true, max: 4 })
    const [ann] = await players(1)
    const party = leader?.connection.payloads('Party')[0]?.party
    if (action === 'join') await ann?.request('Party', { id: 5, action, party })
    if (action === 'leave') await others[0]?.request('Party', { id: 5, action })
    if (action === 'kick')
      await leader?.request('Party', { id: 5, action, session: sessionOf(others[0]) as never })
    expect(matchmaker.size).toBe(0)
    expect([fates(leader), fates(others[0])]).toEqual([
      ['TICKET_PARTY_CHANGED'],
      ['waiting', 'TICKET_PARTY_CHANGED'],
    ])
  })

  it('ends when the session of a member does; one that may come back does not end it', async () => {
    const { look, leader, others, matchmaker, pass } = await partyWorld(2, {
      session: { resumeWindowMs: 30_000 },
    })
    await look(leader, { party: true, min: 3, max: 4 })
    others[0]?.inbox.onClosed('lost')
    expect(matchmaker.size).toBe(1)
    await pass(31_000)
    expect([matchmaker.size, fates(leader)]).toEqual([0, ['TICKET_PARTY_CHANGED']])
  })

  it('ends when the leader takes it back, and only then', async () => {
    const { look, leader, others, matchmaker } = await partyWorld(2)
    const ticket = await look(leader, { party: true, max: 4 })
    await others[0]?.request('MatchmakerRemove', { id: 5, ticket })
    expect(others[0]?.connection.errors).toEqual(['PARTY_LEADER_ONLY'])
    await leader?.request('MatchmakerRemove', { id: 5, ticket })
    expect([matchmaker.size, fates(others[0])]).toEqual([0, ['waiting', 'ended']])
  })
})

describe('the hook matchmaker_matched', () => {
  type Match = { module: string; params: object; players: { session: string }[]; room_id?: string }
  const matchOf = (call: ScriptCall): Match => (call.kind === 'rpc' ? undefined : call.message) as Match
  const hooked = (change: (match: Match) => object | undefined, config: ServerConfigInput = {}) => {
    const all = world(config, { before: ['matchmaker_matched'], after: ['matchmaker_matched'] })
    all.host.onInvoke = (call) => {
      if (call.kind !== 'before') return { kind: 'value', value: undefined }
      const changed = change(matchOf(call))
      return changed === undefined
        ? { kind: 'rejected', reason: 'not today' }
        : { kind: 'value', value: changed }
    }
    return all
  }

  it('sees the players and changes the params', async () => {
    const { players, look, pass, host } = hooked(({ params, ...match }) => ({
      ...match,
      params: { ...params, count: match.players.length },
    }))
    for (const player of await players(2)) await look(player)
    await pass(1_000)
    expect(host.taken('create')[0]?.spec.params).toMatchObject({ count: 2 })
  })

  it('names the room, which then has the seats; the after-hook hears of it', async () => {
    let room = ''
    const all = hooked((match) => ({ ...match, room_id: room }), { rooms: { allowClientCreate: false } })
    room = all.run()
    const [ann, bob] = await all.players(2)
    for (const player of [ann, bob]) await all.look(player)
    await all.pass(1_000)
    expect([all.made(), fates(ann), fates(bob)]).toEqual([1, ['matched'], ['matched']])
    expect(all.rooms.find(room as RoomId)?.seats.size).toBe(2)
    const after = all.host.calls.find((call) => call.kind === 'after')
    expect(after).toMatchObject({ message: { room_id: room }, caller: { sessionId: '' } })
  })

  it.each([
    ['refuses', () => undefined, 'HOOK_REJECTED'],
    ['names a room that is none', (match: Match) => ({ ...match, room_id: 'x' }), 'HOOK_FAILED'],
    ['returns no module', ({ players }: Match) => ({ players }), 'HOOK_FAILED'],
  ] as const)('that %s ends the tickets', async (_, change, error) => {
    const { players, look, pass } = hooked(change)
    const [ann, bob] = await players(2)
    for (const player of [ann, bob]) await look(player)
    await pass(1_000)
    expect([fates(ann), fates(bob)]).toEqual([[error], [error]])
  })

  it('is needed where clients may not create rooms', async () => {
    const { players, look } = world({ rooms: { allowClientCreate: false } })
    const [ann] = await players(1)
    await look(ann)
    expect(ann?.connection.errors).toEqual(['ROOM_CREATE_DENIED'])
  })
})

describe('the hook matchmaker_add', () => {
  it('sets properties that a client must not choose', async () => {
    const all = world({}, { before: ['matchmaker_add'] })
    all.host.onInvoke = (call) => ({
      kind: 'value',
      value: { ...(call.kind === 'rpc' ? {} : (call.message as object)), properties: { rank: 7 } },
    })
    const [ann, bob] = await all.players(2)
    await all.look(ann, { properties: { rank: 9_000 }, query: '+properties.rank:7' })
    await all.look(bob, { query: '+properties.rank:7' })
    await all.pass(1_000)
    await all.start(2)
    expect(
      ann?.connection.payloads('MatchmakerTicket')[0]?.players?.map(({ properties }) => properties),
    ).toEqual([{ rank: 7 }, { rank: 7 }])
  })

  it('that returns a query nobody can read is to blame itself', async () => {
    const all = world({}, { before: ['matchmaker_add'] })
    all.host.onInvoke = (call) => ({
      kind: 'value',
      value: { ...(call.kind === 'rpc' ? {} : (call.message as object)), query: '+size:' },
    })
    const [ann] = await all.players(1)
    await all.look(ann)
    expect(ann?.connection.errors).toEqual(['HOOK_FAILED'])
  })
})
