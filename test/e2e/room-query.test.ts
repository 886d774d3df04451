import { describe, expect, it } from 'vitest'
import { connectPlayer, expectRefused } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

const scripts = {
  'main.lua': `
    kaos.register_rpc('find', function(ctx, query)
      local rooms, cursor = kaos.room_list(query)
      return { rooms = kaos.array(rooms), cursor = cursor }
    end)
    kaos.register_rpc('relabel', function(ctx, p) return kaos.room_signal(p.room, p.label) end)`,
  'lobby.lua': matchModule({
    match_init: `function(ctx, params)
      return { state = {}, tick_rate = 20, label = params.label, max_players = params.seats or 4 }
    end`,
    match_signal: `function(ctx, state, label)
      kaos.room_label_update(ctx.room_id, label)
      local rooms = kaos.room_list { query = '+label:"' .. label:gsub('["\\\\]', '\\\\%0') .. '"' }
      return state, { own = rooms[1] and rooms[1].room_id == ctx.room_id }
    end`,
  }),
}

const labels = {
  rookie: { mode: 'duel', region: 'eu', skill: 5, title: 'Capture the Flag' },
  expert: { mode: 'duel', region: 'us', skill: 40, tags: ['ranked'] },
  team: { mode: 'team', region: 'eu', skill: 12 },
}

type RoomName = keyof typeof labels

/** A server with one room of each label, the last one the newest. */
async function lobby() {
  const server = await startTestServer(scripts)
  const ada = await connectPlayer(server)
  const ids = {} as Record<RoomName, string>
  for (const [name, label] of Object.entries(labels)) {
    ids[name as RoomName] = await ada.createRoom('lobby', { label: JSON.stringify(label), seats: 2 })
  }
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]))
  const find = async (query: string) =>
    (await ada.listRooms({ query })).map(({ roomId }) => names.get(roomId)).join(' ')
  return { server, ada, ids, names, find }
}

describe('finding rooms over the SDK', () => {
  it('by terms that must, must not and should match, best first, then newest', async () => {
    const { find, ada, ids } = await lobby()
    expect(await find('+label.mode:duel')).toBe('expert rookie')
    expect(await find('+label.mode:duel -label.region:us')).toBe('rookie')
    expect(await find('+* label.skill:>=12 label.region:eu^2')).toBe('team rookie expert')
    expect(await find('label.skill:[5 TO 12]')).toBe('team rookie')
    expect(await find('label.region:(us br) label.mode:te*')).toBe('team expert')
    expect(await find('label.tags:ranked')).toBe('expert')
    expect(await find('"the flag"')).toBe('rookie')
    expect(await find('+module:lobby +seats:2 +max_players:2 +tick_hz:20')).toBe('team expert rookie')
    expect(await ada.listRooms({ query: '+label.mode:duel', module: 'lobby', limit: 1 })).toMatchObject([
      { roomId: ids.expert, label: JSON.stringify(labels.expert) },
    ])
  })

  it('in pages', async () => {
    const { ada, names } = await lobby()
    const found: (string | undefined)[] = []
    let cursor: string | undefined
    do {
      const page = await ada.pageRooms({ query: '+* label.mode:team', limit: 1, cursor })
      found.push(...page.rooms.map(({ roomId }) => names.get(roomId)))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(found).toEqual(['team', 'expert', 'rookie'])
  })

  it('never stale: a join, a leave, a new label and an end show in the next list', async () => {
    const { server, ada, ids, find } = await lobby()
    const bob = await connectPlayer(server, 'Bob')
    const room = await bob.joinRoom(ids.rookie)
    expect(await find('size:1')).toBe('rookie')
    expect(await find('seats:>1')).toBe('team expert')
    await room.leave()
    expect(await find('size:1')).toBe('')
    await ada.rpc('relabel', { room: ids.team, label: '{"mode":"over"}' })
    expect(await find('label.mode:team')).toBe('')
    expect(await find('label.mode:over')).toBe('team')
  })

  it('a query that cannot be read is an error that says where', async () => {
    const { ada } = await lobby()
    await expectRefused(
      ada.listRooms({ query: '+label.mode:duel size:many' }),
      'INVALID_PAYLOAD',
      /^query: character 23: expected a number, .+, got "many"$/,
    )
    const { cursor } = await ada.pageRooms({ query: '*', limit: 1 })
    await expectRefused(ada.pageRooms({ query: 'a', cursor }), 'INVALID_PAYLOAD', /another query/)
    await expectRefused(ada.listRooms({ query: 'x'.repeat(1_025) }), 'INVALID_PAYLOAD', /query: expected str/)
    expect(await ada.listRooms({ query: '' })).toHaveLength(3)
  })
})

describe('finding rooms from Lua', () => {
  it('gives the rooms and a cursor', async () => {
    const { ada, ids } = await lobby()
    interface Found {
      readonly rooms: { readonly room_id: string }[]
      readonly cursor?: string
    }
    const first = await ada.rpc<Found>('find', { query: '+label.mode:duel label.skill:>10', limit: 1 })
    expect(first.rooms).toMatchObject([{ room_id: ids.expert }])
    const query = { query: '+label.mode:duel label.skill:>10', limit: 1, cursor: first.cursor }
    const last = await ada.rpc<Found>('find', query)
    expect(last.rooms).toMatchObject([{ room_id: ids.rookie }])
    expect(last.cursor).toBeUndefined()
  })

  it('a room finds the label that it has just given itself', async () => {
    const { ada, ids } = await lobby()
    expect(await ada.rpc('relabel', { room: ids.team, label: '{"round":2}' })).toEqual({ own: true })
  })

  it.each([
    [{ query: 'size:many' }, 'query: character 6: expected a number'],
    [{ query: 7 }, 'query.query is a string'],
    [{ cursor: true }, 'query.cursor is a string'],
    [{ cursor: 'x' }, 'cursor: expected one that'],
    [{ order: 'x' }, 'query has no field "order"; it has query, module, label, has_seat, limit and cursor'],
  ])('%j is an error of the script', async (query, message) => {
    const { server, ada } = await lobby()
    await expectRefused(ada.rpc('find', query), 'RPC_FAILED', /./)
    expect(JSON.stringify(server.logs)).toContain(JSON.stringify(message).slice(1, -1))
  })
})
