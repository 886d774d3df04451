import { encodeServerFrame, ErrorTable, type ServerPayload } from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import type { Ticket } from './matchmaking.ts'
import type { Room } from './room.ts'
import { resumable, WINDOW_MS } from './testing/resumable-world.ts'
import type { ServerConnection } from './testing/scripted-server.ts'
import { joinReply, outcome, ROOM_ID, World } from './testing/world.ts'

const TICKET = '0a1b2c3d-0000-4000-8000-000000000001'
const PARTY = '0a1b2c3d-0000-4000-8000-0000000000aa'
const DUEL = { module: 'duel', min: 2, max: 2 }

function added(id: number, ticket = TICKET): Uint8Array {
  return encodeServerFrame('MatchmakerAdd', { id, ticket })
}

function told(fields: Omit<ServerPayload<'MatchmakerTicket'>, 'ticket'>, ticket = TICKET): Uint8Array {
  return encodeServerFrame('MatchmakerTicket', { ticket, ...fields })
}

const matched = (ticket = TICKET): Uint8Array =>
  told(
    {
      state: 'matched',
      room_id: ROOM_ID,
      reservation: 'seat-1',
      expires_ms: 15_000,
      players: [
        { session: '00000000000000a1', user_id: 'user-1', username: 'Ada', properties: { rank: 1_510 } },
        { session: '00000000000000b2', user_id: 'user-2', username: 'Bob', party: PARTY },
      ],
    },
    ticket,
  )

const MATCH = {
  roomId: ROOM_ID,
  reservation: 'seat-1',
  expiresMs: 15_000,
  players: [
    {
      sessionId: '00000000000000a1',
      userId: 'user-1',
      username: 'Ada',
      partyId: undefined,
      properties: { rank: 1_510 },
    },
    {
      sessionId: '00000000000000b2',
      userId: 'user-2',
      username: 'Bob',
      partyId: PARTY,
      properties: {},
    },
  ],
}

/** A server that takes tickets, gives them back when asked, and lets everybody in. */
function serving<Served extends World>(world: Served): Served {
  const { handlers } = world.server
  handlers.MatchmakerAdd = ({ id }, connection) => connection.send(added(id))
  handlers.MatchmakerRemove = ({ id }, connection) =>
    connection.send(encodeServerFrame('MatchmakerRemove', { id }))
  handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
  return world
}

const newWorld = (): World => serving(new World(new ManualClock(1_700_000_000_000)))

interface Waiting {
  readonly client: Client
  readonly ticket: Ticket
  readonly match: ReturnType<typeof outcome>
  readonly connection: ServerConnection
}

/** A client whose ticket waits for its match. */
async function waiting(world: World): Promise<Waiting> {
  const client = await world.connected()
  const asked = client.matchmake(DUEL)
  await world.run(20)
  const ticket = await asked
  return { client, ticket, match: outcome(ticket.match), connection: world.server.connection }
}

async function closed(world: World, client: Client): Promise<void> {
  const closing = client.close()
  await world.run(3_000)
  await closing
}

describe('matchmake()', () => {
  it('sends the request as the protocol has it', async () => {
    const world = newWorld()
    const client = await world.connected()
    outcome(
      client.matchmake({
        ...DUEL,
        multiple: 2,
        properties: { rank: 1_510, region: 'eu' },
        query: '+properties.rank:[1460 TO 1560]',
        widen: [{ afterMs: 10_000, query: '+properties.rank:[1310 TO 1710]' }],
        params: { map: 'ice' },
        withParty: true,
      }),
    )
    await world.run(20)
    expect(world.server.connection.payloads('MatchmakerAdd')).toEqual([
      {
        id: expect.any(Number),
        ...DUEL,
        multiple: 2,
        properties: { rank: 1_510, region: 'eu' },
        query: '+properties.rank:[1460 TO 1560]',
        widen: [{ after_ms: 10_000, query: '+properties.rank:[1310 TO 1710]' }],
        params: { map: 'ice' },
        party: true,
      },
    ])
    expect(world.server.connection.received.at(-1)).toMatchObject({ delivery: 'reliable', lane: 0 })
  })

  it('leaves out what the application leaves out', async () => {
    const world = newWorld()
    await waiting(world)
    expect(world.server.connection.payloads('MatchmakerAdd')).toEqual([{ id: expect.any(Number), ...DUEL }])
  })

  it('rejects with the refusal of the server, and needs a session', async () => {
    const world = newWorld()
    world.server.handlers.MatchmakerAdd = ({ id }, connection) => connection.sendError(id, 'MATCHMAKER_FULL')
    const client = world.client()
    await expect(client.matchmake(DUEL)).rejects.toMatchObject({ error: 'WRONG_STATE' })
    const connecting = client.connect()
    await world.run(100)
    await connecting
    const asked = outcome(client.matchmake(DUEL))
    await world.run(20)
    expect(asked.error).toMatchObject({ error: 'MATCHMAKER_FULL' })
  })

  it('rejects what cannot be sent without sending it', async () => {
    const world = newWorld()
    const client = await world.connected()
    const asked = outcome(client.matchmake({ ...DUEL, min: 0 }))
    await world.run(20)
    expect(asked.error).toMatchObject({ error: 'INVALID_PAYLOAD' })
    expect(world.server.connection.payloads('MatchmakerAdd')).toEqual([])
  })

  it.each([
    ['timed out', { timeoutMs: 5 }],
    ['was aborted', { signal: AbortSignal.abort(new Error('changed my mind')) }],
  ] as const)('takes the ticket back when the call %s and the reply comes late', async (how, options) => {
    const world = newWorld()
    const client = await world.connected()
    const abort = new AbortController()
    const asked = outcome(client.matchmake(DUEL, 'signal' in options ? { signal: abort.signal } : options))
    await world.run(8)
    if ('signal' in options) abort.abort(options.signal.reason)
    await world.run(100)
    expect(asked.error).toMatchObject(
      how === 'timed out' ? { error: 'REQUEST_TIMEOUT' } : { message: 'changed my mind' },
    )
    expect(world.server.connection.payloads('MatchmakerRemove')).toMatchObject([{ ticket: TICKET }])
    expect(world.logged).toEqual([])
  })

  it('is quiet when the ticket that came too late is over already', async () => {
    const world = newWorld()
    world.server.handlers.MatchmakerAdd = ({ id }, connection) => connection.send(added(id), matched())
    world.server.handlers.MatchmakerRemove = ({ id }, connection) =>
      connection.sendError(id, 'TICKET_NOT_FOUND')
    const client = await world.connected()
    outcome(client.matchmake(DUEL, { timeoutMs: 5 }))
    await world.run(100)
    expect(world.server.connection.payloads('MatchmakerRemove')).toHaveLength(1)
    expect(world.logged).toEqual([])
  })

  it('tells of another refusal to take such a ticket back', async () => {
    const world = newWorld()
    world.server.handlers.MatchmakerRemove = ({ id }, connection) => connection.sendError(id, 'HOOK_REJECTED')
    const client = await world.connected()
    outcome(client.matchmake(DUEL, { timeoutMs: 5 }))
    await world.run(100)
    expect(world.logged).toMatchObject([{ error: 'HOOK_REJECTED' }])
  })
})

describe('a ticket', () => {
  it('is matched with what the server says of room, seat and players', async () => {
    const world = newWorld()
    const { ticket, match, connection } = await waiting(world)
    expect([ticket.id, match]).toEqual([TICKET, {}])
    connection.send(matched())
    await world.run(20)
    expect(match.value).toEqual(MATCH)
  })

  it('is there before its match, when both come in one message', async () => {
    const world = newWorld()
    world.server.handlers.MatchmakerAdd = ({ id }, connection) => connection.send(added(id), matched())
    const { match } = await waiting(world)
    expect(match.value).toEqual(MATCH)
  })

  it('joins the room with its reservation and the metadata', async () => {
    const world = newWorld()
    const { ticket, connection } = await waiting(world)
    const joined = outcome(ticket.join({ metadata: { colour: 'red' } }))
    await world.run(500)
    expect([joined, connection.payloads('RoomJoin')]).toEqual([{}, []])
    connection.send(matched())
    await world.run(50)
    expect(connection.payloads('RoomJoin')).toEqual([
      {
        id: expect.any(Number),
        room_id: ROOM_ID,
        reservation: 'seat-1',
        metadata: { colour: 'red' },
      },
    ])
    expect((joined.value as Room).id).toBe(ROOM_ID)
  })

  it('is not joined any more when that was called off while it waited', async () => {
    const world = newWorld()
    const { ticket, match, connection } = await waiting(world)
    const abort = new AbortController()
    const joined = outcome(ticket.join({ signal: abort.signal }))
    abort.abort(new Error('changed my mind'))
    await world.run(1)
    expect(joined.error).toMatchObject({ message: 'changed my mind' })
    connection.send(matched())
    await world.run(50)
    expect([match.value, connection.payloads('RoomJoin')]).toEqual([MATCH, []])
  })

  it('ends with the error of the server', async () => {
    const world = newWorld()
    const { ticket, match, connection } = await waiting(world)
    const joined = outcome(ticket.join())
    connection.send(
      told({ state: 'ended', code: ErrorTable.TICKET_EXPIRED.code, message: 'nobody came for 120 s' }),
    )
    await world.run(20)
    const error = { error: 'TICKET_EXPIRED', message: 'nobody came for 120 s' }
    expect([match.error, joined.error]).toMatchObject([error, error])
  })

  it.each([0, undefined])('ends with WRONG_STATE when it was taken back (code %s)', async (code) => {
    const world = newWorld()
    const { match, connection } = await waiting(world)
    connection.send(told({ state: 'ended', code }))
    await world.run(20)
    expect(match.error).toMatchObject({ error: 'WRONG_STATE' })
  })

  it('is taken back by cancel()', async () => {
    const world = newWorld()
    const { ticket, match, connection } = await waiting(world)
    const cancelled = outcome(ticket.cancel())
    await world.run(50)
    expect(connection.payloads('MatchmakerRemove')).toMatchObject([{ ticket: TICKET }])
    expect(cancelled).toEqual({ value: undefined })
    expect(match.error).toMatchObject({ error: 'WRONG_STATE' })
  })

  it('goes on when the server will not give it back', async () => {
    const world = newWorld()
    world.server.handlers.MatchmakerRemove = ({ id }, connection) => connection.sendError(id, 'HOOK_REJECTED')
    const { ticket, match, connection } = await waiting(world)
    const cancelled = outcome(ticket.cancel())
    await world.run(50)
    expect([cancelled.error, match]).toMatchObject([{ error: 'HOOK_REJECTED' }, {}])
    connection.send(matched())
    await world.run(50)
    expect(match.value).toEqual(MATCH)
  })

  it('is over when cancel() timed out and the server gives it back later', async () => {
    const world = newWorld()
    const { ticket, match } = await waiting(world)
    const cancelled = outcome(ticket.cancel({ timeoutMs: 5 }))
    await world.run(10)
    expect([cancelled.error, match]).toMatchObject([{ error: 'REQUEST_TIMEOUT' }, {}])
    await world.run(50)
    expect(match.error).toMatchObject({ error: 'WRONG_STATE' })
  })

  it('may be matched while it is being taken back', async () => {
    const world = newWorld()
    world.server.handlers.MatchmakerRemove = ({ id }, connection) =>
      connection.sendError(id, 'TICKET_NOT_FOUND')
    const { ticket, match, connection } = await waiting(world)
    connection.send(matched())
    const cancelled = outcome(ticket.cancel())
    await world.run(50)
    expect([cancelled.error, match.value]).toMatchObject([{ error: 'TICKET_NOT_FOUND' }, MATCH])
  })

  it('that another has handed in for our party comes with an event, and works like our own', async () => {
    const world = newWorld()
    const client = await world.connected()
    const tickets: Ticket[] = []
    client.on('ticket', (ticket) => tickets.push(ticket))
    const { connection } = world.server
    connection.send(told({ state: 'waiting' }), matched())
    await world.run(20)
    const [ticket] = tickets
    const joined = outcome((ticket as Ticket).join())
    await world.run(50)
    expect(tickets).toMatchObject([{ id: TICKET }])
    expect((joined.value as Room).id).toBe(ROOM_ID)
    expect(connection.payloads('RoomJoin')).toMatchObject([{ room_id: ROOM_ID, reservation: 'seat-1' }])
  })

  it('that is not known any more is nobody’s concern', async () => {
    const world = newWorld()
    const { match, connection } = await waiting(world)
    const other = '0a1b2c3d-0000-4000-8000-000000000002'
    connection.send(matched(other), told({ state: 'ended', code: 0 }, other))
    connection.send(matched())
    connection.send(told({ state: 'ended', code: ErrorTable.TICKET_EXPIRED.code }))
    await world.run(50)
    expect([match, world.logged]).toEqual([{ value: MATCH }, []])
  })

  it('does not mix with others of the same session', async () => {
    const world = newWorld()
    const ids = [1, 2].map((number) => `0a1b2c3d-0000-4000-8000-00000000000${number}`)
    const left = [...ids]
    world.server.handlers.MatchmakerAdd = ({ id }, connection) => connection.send(added(id, left.shift()))
    const client = await world.connected()
    const asked = [client.matchmake(DUEL), client.matchmake(DUEL)]
    await world.run(50)
    const tickets = await Promise.all(asked)
    const matches = tickets.map(({ match }) => outcome(match))
    world.server.connection.send(matched(ids[1]))
    await world.run(50)
    expect(tickets.map(({ id }) => id)).toEqual(ids)
    expect(matches).toEqual([{}, { value: MATCH }])
  })

  it('may fail without anybody looking at it', async () => {
    const unhandled: unknown[] = []
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', onUnhandled)
    try {
      const world = newWorld()
      const client = await world.connected()
      const asked = client.matchmake(DUEL)
      await world.run(20)
      await asked
      world.server.connection.send(told({ state: 'ended', code: ErrorTable.TICKET_EXPIRED.code }))
      await world.run(50)
    } finally {
      process.off('unhandledRejection', onUnhandled)
    }
    expect(unhandled).toEqual([])
  })
})

describe('the ticket of a session whose connection is lost', () => {
  it('hears after the resume what became of it', async () => {
    const world = serving(resumable(new ManualClock()))
    const { client, ticket, match, connection } = await waiting(world)
    const joined = outcome(ticket.join())
    const start = world.server.handlers.SessionStart
    world.server.handlers.SessionStart = (request, resumed) => {
      start?.(request, resumed)
      resumed.send(matched())
    }
    world.received.set(0, 1)
    connection.drop()
    await world.run(15)
    expect([client.state, match]).toEqual(['resuming', {}])
    await world.run(500)
    expect([client.state, match.value]).toEqual(['connected', MATCH])
    expect((joined.value as Room).id).toBe(ROOM_ID)
    await closed(world, client)
  })

  it('can be asked for and taken back meanwhile', async () => {
    const world = serving(resumable(new ManualClock()))
    const { client, ticket, match, connection } = await waiting(world)
    world.received.set(0, 1)
    connection.drop()
    await world.run(15)
    const cancelled = outcome(ticket.cancel())
    await world.run(500)
    expect(world.server.connection.payloads('MatchmakerRemove')).toMatchObject([{ ticket: TICKET }])
    expect([cancelled, match.error]).toMatchObject([{ value: undefined }, { error: 'WRONG_STATE' }])
    await closed(world, client)
  })

  it('ends when the session cannot be saved, and cannot be taken back from the next one', async () => {
    const world = serving(resumable(new ManualClock()))
    const { client, ticket, match, connection } = await waiting(world)
    world.server.dialing = 'refuse'
    connection.drop()
    await world.run(WINDOW_MS / 2)
    expect(match).toEqual({})
    await world.run(WINDOW_MS)
    expect([client.state, match.error]).toMatchObject(['reconnecting', { error: 'SESSION_TIMEOUT' }])
    const late = outcome(ticket.cancel())
    await world.run(1)
    expect(late.error).toMatchObject({ error: 'SESSION_TIMEOUT' })
    await closed(world, client)
  })

  it('ends with the word of a server that ends the session', async () => {
    const world = newWorld()
    const { match, connection } = await waiting(world)
    connection.endSession('SESSION_KICKED', { reason: 'go away' })
    await world.run(50)
    expect(match.error).toMatchObject({ error: 'SESSION_KICKED', message: 'go away' })
  })

  it('ends with close()', async () => {
    const world = newWorld()
    const { client, match } = await waiting(world)
    await closed(world, client)
    expect([match.error, world.time.pendingEvents]).toMatchObject([{ error: 'WRONG_STATE' }, 0])
  })
})
