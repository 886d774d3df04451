import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KaosClient, Room } from '@kaosnet/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectPlayer, expectRefused } from '../support/players.ts'
import { matchModule, startTestServer, type TestServer } from '../support/test-server.ts'

const DUEL = matchModule({
  match_init: `function(ctx, params)
    return { state = {}, max_players = 2, label = kaos.json_encode({ mode = params.mode or 'duel' }) }
  end`,
})
const ARENA = matchModule({
  match_init: `function(ctx, params)
    return { state = {}, max_players = 60, label = kaos.json_encode({ key = params.key }) }
  end`,
})

/** The same two in TypeScript; a duel takes its time to start, and looks at each player. */
const TYPESCRIPT = {
  'duel.ts': `
import { setTimeout as delay } from 'node:timers/promises'
import { defineRoom } from '@kaosnet/server/script'
export default defineRoom({
  async init(_ctx, params: { mode?: string }) {
    await delay(5)
    return { state: {}, maxPlayers: 2, label: JSON.stringify({ mode: params.mode ?? 'duel' }) }
  },
  loop() {},
})`,
  'arena.ts': `
import { defineRoom } from '@kaosnet/server/script'
export default defineRoom({
  init: (_ctx, params: { key?: string }) => ({ state: {}, maxPlayers: 60, label: JSON.stringify(params) }),
  loop() {},
})`,
}

type Language = 'Lua' | 'TypeScript'

function start(language: Language, workers: number): Promise<TestServer> {
  const config = { rooms: { workers }, limits: { sessions: 200 } }
  if (language === 'Lua') return startTestServer({ 'duel.lua': DUEL, 'arena.lua': ARENA }, config)
  const modulesDir = mkdtempSync(join(tmpdir(), 'kaosnet-find-'))
  onTestFinished(() => rmSync(modulesDir, { recursive: true, force: true }))
  for (const [name, source] of Object.entries(TYPESCRIPT)) writeFileSync(join(modulesDir, name), source)
  return startTestServer({}, { ...config, scripts: { modulesDir } })
}

function connectMany(server: TestServer, count: number): Promise<KaosClient[]> {
  const transports = ['websocket', 'udp'] as const
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      connectPlayer(server, `player ${index}`, { transport: transports[index % 10 === 0 ? 1 : 0] }),
    ),
  )
}

/** Players by room, as the clients were told. */
function playersByRoom(rooms: readonly Room[]): number[] {
  const counts = new Map<string, number>()
  for (const { id } of rooms) counts.set(id, (counts.get(id) ?? 0) + 1)
  return [...counts.values()]
}

const all = [
  { language: 'Lua', workers: 0 },
  { language: 'Lua', workers: 1 },
  { language: 'TypeScript', workers: 0 },
  { language: 'TypeScript', workers: 1 },
] as const

describe.each(all)('finding or creating rooms in $language, in $workers workers', ({ language, workers }) => {
  it('brings 50 players who look for one key at once into one room', async () => {
    const server = await start(language, workers)
    const players = await connectMany(server, 50)
    const search = { module: 'arena', query: '+label.key:k7', params: { key: 'k7' } }
    const rooms = await Promise.all(players.map((player) => player.findRoom(search)))
    expect(playersByRoom(rooms)).toEqual([50])
    const listed = await players[0]?.listRooms({ module: 'arena' })
    expect(listed?.map(({ size }) => size)).toEqual([50])
  })

  it('fills exactly 50 rooms of two seats with 100 players', async () => {
    const server = await start(language, workers)
    const players = await connectMany(server, 100)
    const rooms = await Promise.all(players.map((player) => player.findRoom({ module: 'duel' })))
    expect(playersByRoom(rooms)).toEqual(Array(50).fill(2))
    const listed = await players[0]?.listRooms({ module: 'duel' })
    expect(listed?.map(({ size, maxPlayers }) => [size, maxPlayers])).toEqual(Array(50).fill([2, 2]))
  })
})

describe('finding a room', () => {
  it('joins one that matches, with metadata, and creates with params where none does', async () => {
    const server = await startTestServer({ 'duel.lua': DUEL })
    const [ada, bob, eve] = await connectMany(server, 3)
    const search = { module: 'duel', query: '+label.mode:ranked', params: { mode: 'ranked' } }
    await ada?.joinRoom((await ada?.createRoom('duel')) ?? '')
    const bobs = await bob?.findRoom(search, { metadata: { elo: 1_200 } })
    const eves = await eve?.findRoom(search)
    expect([bobs?.label, eves?.id]).toEqual(['{"mode":"ranked"}', bobs?.id])
    expect([...(eves?.members.values() ?? [])].map(({ metadata }) => metadata)).toContainEqual({ elo: 1_200 })
  })

  it('goes past rooms that refuse', async () => {
    const server = await startTestServer({
      'club.lua': matchModule({
        match_init: 'function(ctx, params) return { state = { password = params.password } } end',
        match_join_attempt: `function(ctx, state, presence)
          return state, presence.metadata.password == state.password, 'wrong password'
        end`,
      }),
    })
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const closed = await ada.createRoom('club', { password: 'sesame' })
    const open = await bob.findRoom({ module: 'club' })
    expect(open.id).not.toBe(closed)
    const joined = await ada.findRoom({ module: 'club' }, { metadata: { password: 'sesame' } })
    expect(joined.id).toBe(closed)
    await expectRefused(bob.findRoom({ module: 'club', params: { password: 'x' } }), 'ROOM_JOIN_REJECTED')
  })

  it('finds relayed rooms too', async () => {
    const server = await startTestServer({})
    const players = await connectMany(server, 6)
    const search = { module: 'kaos/relay', params: { max_players: 3 } }
    const rooms = await Promise.all(players.map((player) => player.findRoom(search)))
    expect(playersByRoom(rooms)).toEqual([3, 3])
  })

  it('is refused for a query that cannot be read, a module that is not there, and where clients may not create', async () => {
    const server = await startTestServer({ 'duel.lua': DUEL }, { rooms: { allowClientCreate: false } })
    const ada = await connectPlayer(server)
    await expectRefused(ada.findRoom({ module: 'duel', query: '+size:' }), 'INVALID_PAYLOAD')
    await expectRefused(ada.findRoom({ module: 'duel' }), 'ROOM_CREATE_DENIED')
    const other = await connectPlayer(await startTestServer({}))
    await expectRefused(other.findRoom({ module: 'none' }), 'ROOM_MODULE_NOT_FOUND')
  })

  it('passes the hooks: room_join sees what is looked for, room_create what is created', async () => {
    const server = await startTestServer(
      {
        'duel.lua': DUEL,
        'main.lua': `
        local seen = {}
        kaos.register_before('room_join', function(ctx, message)
          table.insert(seen, 'join ' .. message.find.module .. ' ' .. (message.find.query or '-'))
          if message.find.module == 'secret' then return nil, 'not for you' end
          if message.find.query == 'bad' then message.find.query = '+size:' end
          message.find.module = 'duel'
          return message
        end)
        kaos.register_before('room_create', function(ctx, message)
          table.insert(seen, 'create ' .. message.module)
          message.params = { mode = 'hooked' }
          return message
        end)
        kaos.register_after('room_join', function(ctx, message) table.insert(seen, 'in ' .. message.room_id) end)
        kaos.register_rpc('seen', function() return seen end)`,
      },
      { scripts: { callVmsMin: 1, callVmsMax: 1 } },
    )
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const room = await ada.findRoom({ module: 'any', params: { mode: 'mine' } })
    expect(room.label).toBe('{"mode":"hooked"}')
    expect((await bob.findRoom({ module: 'duel', query: '+label.mode:hooked' })).id).toBe(room.id)
    await expectRefused(bob.findRoom({ module: 'secret' }), 'HOOK_REJECTED', /not for you/)
    await expectRefused(bob.findRoom({ module: 'duel', query: 'bad' }), 'HOOK_FAILED', /invalid query/)
    expect(await bob.rpc('seen')).toEqual([
      'join any -',
      'create duel',
      `in ${room.id}`,
      'join duel +label.mode:hooked',
      `in ${room.id}`,
      'join secret -',
      'join duel bad',
    ])
  })
})
