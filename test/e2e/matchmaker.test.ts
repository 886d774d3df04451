import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KaosClient, Party, Ticket } from '@kaosnet/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectCuttable } from '../support/cut-sockets.ts'
import { connectPlayer, expectRefused } from '../support/players.ts'
import { matchModule, startTestServer, type TestServer } from '../support/test-server.ts'

const DUEL = matchModule({
  match_init: `function(ctx, params)
    return { state = {}, tick_rate = 50, max_players = #params.players, locked = true,
      label = kaos.json_encode({ map = params.map, players = #params.players }) }
  end`,
})
const FAST = { rooms: { workers: 1 }, matchmaker: { intervalMs: 50, fullWaitMs: 200 } }
const transports = ['udp', 'websocket'] as const

function players(server: TestServer, count: number, transport: 'udp' | 'websocket'): Promise<KaosClient[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => connectPlayer(server, `player ${index}`, { transport })),
  )
}

describe.each(transports)('the matchmaker, over %s', (transport) => {
  it('brings those together who accept each other, each with a seat in a room nobody else can enter', async () => {
    const server = await startTestServer({ 'duel.lua': DUEL }, FAST)
    const all = await players(server, 4, transport)
    const ranks = [1_000, 2_000, 1_020, 2_010]
    const tickets = await Promise.all(
      all.map((client, index) => {
        const rank = ranks[index] ?? 0
        const query = `+properties.rank:[${rank - 50} TO ${rank + 50}]`
        return client.matchmake({
          module: 'duel',
          min: 2,
          max: 2,
          properties: { rank },
          query,
          params: { map: 'harbour' },
        })
      }),
    )
    const matches = await Promise.all(tickets.map(({ match }) => match))
    expect(matches[0]?.roomId).toBe(matches[2]?.roomId)
    expect(matches[1]?.roomId).toBe(matches[3]?.roomId)
    expect(matches[0]?.roomId).not.toBe(matches[1]?.roomId)
    expect(matches[0]?.players.map(({ properties }) => properties.rank).sort()).toEqual([1_000, 1_020])
    const rooms = await Promise.all(tickets.map((ticket) => ticket.join({ metadata: { ready: true } })))
    await expect.poll(() => rooms.map(({ members }) => members.size)).toEqual([2, 2, 2, 2])
    expect(JSON.parse(rooms[0]?.label ?? '')).toEqual({ map: 'harbour', players: 2 })
    const stranger = await connectPlayer(server, 'stranger', { transport })
    await expectRefused(stranger.joinRoom(matches[0]?.roomId ?? ''), 'ROOM_LOCKED')
  })

  it('widens what a player accepts as time passes', async () => {
    const server = await startTestServer({ 'duel.lua': DUEL }, FAST)
    const [ada, bob] = await players(server, 2, transport)
    const widen = [{ afterMs: 300, query: '' }]
    const look = (client: KaosClient | undefined, rank: number) =>
      client?.matchmake({
        module: 'duel',
        min: 2,
        max: 2,
        properties: { rank },
        query: `+properties.rank:${rank}`,
        widen,
      })
    const tickets = [await look(ada, 1), await look(bob, 2)]
    const matches = await Promise.all(tickets.map((ticket) => ticket?.match))
    expect(matches[0]?.roomId).toBe(matches[1]?.roomId)
  })

  it('keeps a party together, and takes fewer players when they do not come', async () => {
    const server = await startTestServer({ 'duel.lua': DUEL }, FAST)
    const [ada, bob, eve] = await players(server, 3, transport)
    const party = (await ada?.createParty(4)) as Party
    const bobsTicket = new Promise<Ticket>((resolve) => bob?.once('ticket', resolve))
    await bob?.joinParty(party.id)
    await expect
      .poll(() => ada?.party?.members.map(({ username }) => username))
      .toEqual(['player 0', 'player 1'])
    await expectRefused(
      bob?.matchmake({ module: 'duel', min: 2, max: 4, withParty: true }) as Promise<unknown>,
      'PARTY_LEADER_ONLY',
    )
    const adas = (await ada?.matchmake({ module: 'duel', min: 3, max: 8, withParty: true })) as Ticket
    const eves = (await eve?.matchmake({ module: 'duel', min: 2, max: 8 })) as Ticket
    const rooms = await Promise.all([adas.join(), (await bobsTicket).join(), eves.join()])
    await expect.poll(() => rooms.map(({ members }) => members.size)).toEqual([3, 3, 3])
    expect((await adas.match).players.map(({ partyId }) => partyId)).toEqual([party.id, party.id, undefined])
  })

  it('ends a ticket that is taken back, one whose party changes, and one that waits too long', async () => {
    const server = await startTestServer(
      { 'duel.lua': DUEL },
      { ...FAST, matchmaker: { intervalMs: 50, ticketMaxMs: 1_000 } },
    )
    const [ada, bob, eve] = await players(server, 3, transport)
    const look = { module: 'duel', min: 5, max: 5 }
    const taken = (await eve?.matchmake(look)) as Ticket
    await taken.cancel()
    await expectRefused(taken.match, 'WRONG_STATE')
    await expectRefused(taken.cancel(), 'TICKET_NOT_FOUND')
    const party = (await ada?.createParty()) as Party
    const changed = (await ada?.matchmake({ ...look, withParty: true })) as Ticket
    await bob?.joinParty(party.id)
    await expectRefused(changed.match, 'TICKET_PARTY_CHANGED')
    const late = (await eve?.matchmake(look)) as Ticket
    await expectRefused(late.match, 'TICKET_EXPIRED')
  })

  it('tells of parties: who comes, goes, leads, and is thrown out', async () => {
    const server = await startTestServer({})
    const [ada, bob, eve] = (await players(server, 3, transport)) as [KaosClient, KaosClient, KaosClient]
    const party = await ada.createParty(2)
    await bob.joinParty(party.id)
    await expectRefused(eve.joinParty(party.id), 'PARTY_FULL')
    await expectRefused(eve.joinParty('00000000-0000-4000-8000-000000000000'), 'PARTY_NOT_FOUND')
    await ada.promoteInParty(bob.session?.sessionId ?? '')
    await expect.poll(() => bob.party?.leader).toBe(bob.session?.sessionId)
    const out = new Promise((resolve) => ada.once('party', resolve))
    await bob.kickFromParty(ada.session?.sessionId ?? '')
    expect(await out).toEqual({ party: undefined, reason: 'kicked' })
    expect([ada.party, bob.party?.members.length]).toEqual([undefined, 1])
    await ada.joinParty(party.id)
    await bob.close()
    await expect.poll(() => ada.party?.leader).toBe(ada.session?.sessionId)
    expect(ada.party?.members.length).toBe(1)
  })

  it('answers what is wrong with a ticket', async () => {
    const server = await startTestServer({ 'duel.lua': DUEL }, FAST)
    const [ada] = (await players(server, 1, transport)) as [KaosClient]
    const look = { module: 'duel', min: 2, max: 2 }
    await expectRefused(ada.matchmake({ ...look, module: 'nope' }), 'ROOM_MODULE_NOT_FOUND')
    await expectRefused(ada.matchmake({ ...look, min: 3 }), 'INVALID_PAYLOAD', /max/)
    await expectRefused(ada.matchmake({ ...look, query: '+label.mode:x' }), 'INVALID_PAYLOAD', /properties/)
    await expectRefused(ada.matchmake({ ...look, withParty: true }), 'PARTY_NOT_JOINED')
    for (let count = 0; count < 4; count++) await ada.matchmake({ ...look, query: '+properties.never:1' })
    await expectRefused(ada.matchmake(look), 'TOO_MANY_REQUESTS', /4 matchmaker tickets/)
  })
})

it('a player whose connection is lost while waiting finds the match when it is back', async () => {
  const server = await startTestServer({ 'duel.lua': DUEL }, FAST)
  const lost = await connectCuttable(server, 'Ada')
  const bob = await connectPlayer(server, 'Bob', { transport: 'udp' })
  const look = { module: 'duel', min: 2, max: 2 }
  const adas = await lost.client.matchmake(look)
  lost.setReachable(false)
  const dropped = lost.until('dropped')
  lost.cut()
  await dropped
  const bobs = await bob.matchmake(look)
  await bobs.join()
  lost.setReachable(true)
  const room = await adas.join()
  expect([room.members.size, lost.story]).toEqual([2, ['connected', 'dropped', 'resumed']])
})

const hookInLua = (room: string) => `
kaos.register_before('matchmaker_add', function(ctx, msg)
  msg.properties = { rank = 7 }
  return msg
end)
kaos.register_before('matchmaker_matched', function(ctx, msg)
  assert(ctx.session_id == '' and #msg.players == 2 and msg.players[1].properties.rank == 7)
  ${room}
  return msg
end)
kaos.register_after('matchmaker_matched', function(ctx, msg) kaos.logger_info('matched in ' .. msg.room_id) end)`

const HOOK_IN_TYPESCRIPT = `
import { defineScripts, reject } from '@kaosnet/server/script'
export default defineScripts({
  before: {
    matchmakerAdd: (_ctx, message) => ({ ...message, properties: { rank: 7 } }),
    matchmakerMatched(ctx, message) {
      if (ctx.sessionId !== '' || message.players[0]?.properties?.rank !== 7) return reject('unexpected')
      return { ...message, roomId: ctx.rooms.create('duel', { map: 'forest', players: message.players }) }
    },
  },
  after: {
    matchmakerMatched(ctx, message) { ctx.log.info('matched in ' + message.roomId) },
  },
})`

describe.each([
  [
    'Lua, which names the room',
    hookInLua(`msg.room_id = kaos.room_create('duel', { map = 'forest', players = msg.players })`),
  ],
  ['Lua, which changes the params', hookInLua(`msg.params = { map = 'forest' }`)],
  ['TypeScript, which names the room', undefined],
])('a hook in %s', (_, lua) => {
  it.each([0, 1])('decides where a match is played, with %i workers', async (workers) => {
    const modulesDir = mkdtempSync(join(tmpdir(), 'kaosnet-matched-'))
    onTestFinished(() => rmSync(modulesDir, { recursive: true, force: true }))
    if (lua === undefined) writeFileSync(join(modulesDir, 'main.ts'), HOOK_IN_TYPESCRIPT)
    const server = await startTestServer(
      { 'duel.lua': DUEL, ...(lua === undefined ? {} : { 'main.lua': lua }) },
      {
        ...FAST,
        rooms: { workers, allowClientCreate: lua !== undefined },
        scripts: lua === undefined ? { modulesDir } : {},
      },
    )
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const look = { module: 'duel', min: 2, max: 2, properties: { rank: 9_999 } }
    const tickets = [await ada.matchmake(look), await bob.matchmake(look)]
    const rooms = await Promise.all(tickets.map((ticket) => ticket.join()))
    expect(JSON.parse(rooms[0]?.label ?? '')).toEqual({ map: 'forest', players: 2 })
    expect(rooms[1]?.id).toBe(rooms[0]?.id)
    await expect.poll(() => server.logs.some(({ msg }) => msg === `matched in ${rooms[0]?.id}`)).toBe(true)
  })
})

it('a hook that refuses ends every ticket with its reason', async () => {
  const main = `kaos.register_before('matchmaker_matched', function() return nil, 'closed for tonight' end)`
  const server = await startTestServer({ 'duel.lua': DUEL, 'main.lua': main }, FAST)
  const [ada, bob] = [
    await connectPlayer(server, 'Ada'),
    await connectPlayer(server, 'Bob', { transport: 'udp' }),
  ]
  const tickets = [ada, bob].map((client) => client.matchmake({ module: 'duel', min: 2, max: 2 }))
  for (const ticket of tickets)
    await expectRefused((await ticket).match, 'HOOK_REJECTED', /closed for tonight/)
})
