import { encodeServerFrame, type PartyMember, type ServerPayload } from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import type { Party, PartyEvent } from './matchmaking.ts'
import { resumable, WINDOW_MS } from './testing/resumable-world.ts'
import { SESSION } from './testing/scripted-server.ts'
import { outcome, World } from './testing/world.ts'

const PARTY = '0a1b2c3d-0000-4000-8000-0000000000aa'
const US = SESSION.session
const FRIEND = '00000000000000b2'
const STRANGER = '00000000000000c3'

function wireMember(session: string, changes: Partial<PartyMember> = {}): PartyMember {
  return { session, user_id: `user-${session.at(-1)}`, username: `name-${session.at(-1)}`, ...changes }
}

type PartyFields = Omit<ServerPayload<'Party'>, 'id'>

/** The party with these members, the first of which leads. */
function partyOf(...sessions: string[]): PartyFields {
  const [leader] = sessions
  return { party: PARTY, leader, max: 4, members: sessions.map((session) => wireMember(session)) }
}

const change = (fields: PartyFields): Uint8Array => encodeServerFrame('Party', { id: 0, ...fields })

/** A server of one party, in which a friend waits; `answers` says how it takes each action. */
function serving<Served extends World>(world: Served): Served {
  const answers: Record<string, PartyFields> = {
    create: partyOf(US),
    join: partyOf(FRIEND, US),
    leave: { reason: 'left' },
    kick: partyOf(US),
    promote: partyOf(FRIEND, US),
  }
  world.server.handlers.Party = ({ id, action }, connection) =>
    connection.send(encodeServerFrame('Party', { id, ...answers[action] }))
  return world
}

const newWorld = (): World => serving(new World(new ManualClock(1_700_000_000_000)))

/** Every event, and whether `client.party` was the same while it was told. */
function eventsOf(client: Client): (PartyEvent & { readonly isCurrent: boolean })[] {
  const events: (PartyEvent & { readonly isCurrent: boolean })[] = []
  client.on('party', (event) => events.push({ ...event, isCurrent: client.party === event.party }))
  return events
}

const ids = (party: Party | undefined): string[] | undefined =>
  party?.members.map(({ sessionId }) => sessionId)

/** A client in the party, beside its friend, who leads. */
async function joined(world: World) {
  const client = await world.connected()
  const joining = client.joinParty(PARTY)
  await world.run(20)
  return { client, party: await joining, events: eventsOf(client), connection: world.server.connection }
}

async function closed(world: World, client: Client): Promise<void> {
  const closing = client.close()
  await world.run(3_000)
  await closing
}

describe('requests about parties', () => {
  it('go out as the protocol has them', async () => {
    const world = newWorld()
    const client = await world.connected()
    const calls = [
      client.createParty(),
      client.createParty(4),
      client.joinParty(PARTY),
      client.kickFromParty(STRANGER),
      client.promoteInParty(FRIEND),
      client.leaveParty(),
    ]
    await world.run(50)
    await Promise.all(calls)
    const id = expect.any(Number)
    expect(world.server.connection.payloads('Party')).toEqual([
      { id, action: 'create' },
      { id, action: 'create', max: 4 },
      { id, action: 'join', party: PARTY },
      { id, action: 'kick', session: STRANGER },
      { id, action: 'promote', session: FRIEND },
      { id, action: 'leave' },
    ])
    expect(world.server.connection.received.at(-1)).toMatchObject({ delivery: 'reliable', lane: 0 })
  })

  it('resolve with the party, which is that of the client by then', async () => {
    const world = newWorld()
    const client = await world.connected()
    const seen: [string, boolean][] = []
    const see = (name: string) => (party: Party) => seen.push([name, client.party === party])
    const calls = [
      client.createParty().then(see('create')),
      client.joinParty(PARTY).then(see('join')),
      client.kickFromParty(STRANGER).then(see('kick')),
      client.promoteInParty(FRIEND).then(see('promote')),
      client.leaveParty().then(() => seen.push(['leave', client.party === undefined])),
    ]
    await world.run(50)
    await Promise.all(calls)
    expect(seen).toEqual(['create', 'join', 'kick', 'promote', 'leave'].map((name) => [name, true]))
  })

  it('give parties in the words of the SDK', async () => {
    const { party } = await joined(newWorld())
    expect(party).toEqual({
      id: PARTY,
      leader: FRIEND,
      max: 4,
      members: [
        { sessionId: FRIEND, userId: 'user-2', username: 'name-2', isAway: false },
        { sessionId: US, userId: 'user-1', username: 'name-1', isAway: false },
      ],
    })
  })

  it.each(['PARTY_FULL', 'PARTY_ALREADY_JOINED', 'PARTY_NOT_FOUND'] as const)(
    'that are refused with %s leave the party as it was',
    async (error) => {
      const world = newWorld()
      const { client, party, events } = await joined(world)
      world.server.handlers.Party = ({ id }, connection) => connection.sendError(id, error)
      const requests: Promise<unknown>[] = [
        client.createParty(),
        client.joinParty(PARTY),
        client.leaveParty(),
      ]
      const calls = requests.map((request) => outcome(request))
      await world.run(50)
      expect(calls.map((call) => call.error)).toMatchObject([{ error }, { error }, { error }])
      expect([client.party, events]).toEqual([party, []])
    },
  )

  it('need a session', async () => {
    const client = newWorld().client()
    for (const call of [client.createParty(), client.joinParty(PARTY), client.leaveParty()]) {
      await expect(call).rejects.toMatchObject({ error: 'WRONG_STATE' })
    }
    expect(client.party).toBeUndefined()
  })

  it('that were called off are told of when they were done all the same', async () => {
    const world = newWorld()
    const client = await world.connected()
    const events = eventsOf(client)
    const call = outcome(client.joinParty(PARTY, { timeoutMs: 5 }))
    await world.run(10)
    expect([call.error, client.party]).toMatchObject([{ error: 'REQUEST_TIMEOUT' }, undefined])
    await world.run(50)
    expect([ids(client.party), events.length, world.logged]).toEqual([[FRIEND, US], 1, []])
  })

  it('are not kept waiting by an answer that makes no sense', async () => {
    const world = newWorld()
    world.server.handlers.Party = ({ id }, connection) =>
      connection.send(encodeServerFrame('Party', { id, party: 'short' }))
    const client = await world.connected()
    const call = outcome(client.createParty())
    await world.run(50)
    expect([call.error, client.party]).toMatchObject([{ error: 'INVALID_PAYLOAD' }, undefined])
    expect(world.logged).toEqual([])
  })
})

describe('the party of a client', () => {
  it('is current inside the listener of `party`, for replies and for changes', async () => {
    const world = newWorld()
    const { client, events, connection } = await joined(world)
    connection.send(change(partyOf(FRIEND, US, STRANGER)), change(partyOf(US, STRANGER)))
    await world.run(20)
    const leaving = outcome(client.leaveParty())
    await world.run(20)
    expect(leaving).toEqual({ value: undefined })
    expect(events.map(({ party, reason, isCurrent }) => [ids(party), reason, isCurrent])).toEqual([
      [[FRIEND, US, STRANGER], undefined, true],
      [[US, STRANGER], undefined, true],
      [undefined, 'left', true],
    ])
  })

  it('is the newest when the reply and a change come in one message', async () => {
    const world = newWorld()
    world.server.handlers.Party = ({ id }, connection) =>
      connection.send(encodeServerFrame('Party', { id, ...partyOf(US) }), change(partyOf(US, FRIEND)))
    const client = await world.connected()
    const created = outcome(client.createParty().then((party) => [ids(party), ids(client.party)]))
    await world.run(20)
    expect(created.value).toEqual([[US], [US, FRIEND]])
  })

  it('is gone when we were kicked', async () => {
    const world = newWorld()
    const { client, events, connection } = await joined(world)
    connection.send(change({ reason: 'kicked' }))
    await world.run(20)
    expect([client.party, events]).toEqual([
      undefined,
      [{ party: undefined, reason: 'kicked', isCurrent: true }],
    ])
  })

  it('shows who is away, but never ourselves: we hear of it', async () => {
    const world = newWorld()
    const { client, connection } = await joined(world)
    const members = [FRIEND, US].map((session) => wireMember(session, { is_away: true }))
    connection.send(change({ ...partyOf(FRIEND, US), members }))
    await world.run(20)
    expect(client.party?.members.map(({ isAway }) => isAway)).toEqual([true, false])
  })

  it('is kept while the connection is lost, and brought up to date by what is sent again', async () => {
    const world = serving(resumable(new ManualClock()))
    const { client, party, events, connection } = await joined(world)
    const start = world.server.handlers.SessionStart
    world.server.handlers.SessionStart = (request, resumed) => {
      // In one message with the reply, as a server may well send it.
      const send = resumed.send.bind(resumed)
      resumed.send = (...frames) => send(...frames, change(partyOf(FRIEND, US, STRANGER)))
      start?.(request, resumed)
      resumed.send = send
    }
    world.received.set(0, 1)
    connection.drop()
    await world.run(15)
    expect([client.state, client.party]).toEqual(['resuming', party])
    await world.run(500)
    expect([client.state, ids(client.party)]).toEqual(['connected', [FRIEND, US, STRANGER]])
    expect(events).toMatchObject([{ isCurrent: true, reason: undefined }])
    await closed(world, client)
  })

  it('is gone with the session, which is told before `disconnected`', async () => {
    const world = serving(resumable(new ManualClock()))
    const { client, events, connection } = await joined(world)
    const story: string[] = []
    client.on('party', ({ reason }) => story.push(`party ${reason}`))
    client.on('disconnected', () => story.push('disconnected'))
    world.server.dialing = 'refuse'
    connection.drop()
    await world.run(WINDOW_MS + 1_000)
    expect(story).toEqual(['party dropped', 'disconnected'])
    expect([client.party, events]).toEqual([
      undefined,
      [{ party: undefined, reason: 'dropped', isCurrent: true }],
    ])
    await closed(world, client)
    expect(story).toHaveLength(2)
  })

  it('is not that of the session that follows', async () => {
    const world = newWorld()
    const { client, connection } = await joined(world)
    connection.endSession('SHUTTING_DOWN')
    await world.run(2_000)
    expect([client.state, client.party]).toEqual(['connected', undefined])
    await closed(world, client)
  })

  it('is gone after close(), which is told like that of rooms', async () => {
    const world = newWorld()
    const { client, events } = await joined(world)
    await closed(world, client)
    expect([client.party, events]).toEqual([
      undefined,
      [{ party: undefined, reason: 'left', isCurrent: true }],
    ])
  })

  it('does not come back with what a session has sent after its end', async () => {
    const world = newWorld()
    const { client, events, connection } = await joined(world)
    connection.sendBytes(
      Buffer.concat([encodeServerFrame('SessionEnd', { code: 0 }), change(partyOf(FRIEND, US, STRANGER))]),
    )
    await world.run(50)
    expect([client.party, events.map(({ reason }) => reason)]).toEqual([undefined, ['dropped']])
  })

  it('is not told of as lost by a session that was in none', async () => {
    const world = newWorld()
    const client = await world.connected()
    const events = eventsOf(client)
    await closed(world, client)
    expect(events).toEqual([])
  })

  it('survives a listener that throws, and its caller gets the answer', async () => {
    const world = newWorld()
    const client = await world.connected()
    client.on('party', () => {
      throw new Error('a bug of the game')
    })
    const call = outcome(client.createParty())
    await world.run(20)
    expect([call.value, world.logged.length]).toEqual([client.party, 1])
  })
})
