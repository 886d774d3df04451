import { readFileSync } from 'node:fs'
import {
  encodeMessagePack,
  encodeRoomData,
  encodeServerFrame,
  ErrorTable,
  KaosError,
} from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import { Client } from './client.ts'
import type { ClientEvents } from './client-events.ts'
import type { RoomEvents } from './joined-room.ts'
import type { ClientOptions } from './options.ts'
import { SESSION } from './testing/scripted-server.ts'
import { HANDLE, joinReply, outcome, ROOM_ID, World } from './testing/world.ts'

const PARTY = '0a1b2c3d-0000-4000-8000-0000000000aa'
const FRIEND = '00000000000000b2'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** A server that has everything the examples ask for. */
function exampleWorld(): World {
  const world = new World(new ManualClock(1_700_000_000_000))
  const { handlers } = world.server
  const results: Record<string, unknown> = {
    arena_find: ROOM_ID,
    seat_for_me: { room: ROOM_ID, seat: 'seat-2' },
    add_score: { total: 3 },
  }
  handlers.Rpc = ({ id, name }, connection) =>
    connection.send(encodeServerFrame('RpcResponse', { id, payload: results[name] }))
  handlers.RoomCreate = ({ id }, connection) =>
    connection.send(encodeServerFrame('RoomCreate', { id, room_id: ROOM_ID }))
  handlers.RoomList = ({ id }, connection) =>
    connection.send(encodeServerFrame('RoomList', { id, rooms: [] }))
  const ticket = '0a1b2c3d-0000-4000-8000-000000000001'
  const players = [
    { session: SESSION.session, user_id: 'user-1', username: 'Ada', properties: { rank: 1_510 } },
    { session: FRIEND, user_id: 'user-2', username: 'Bob', properties: { rank: 1_480 } },
  ]
  const seat = { room_id: ROOM_ID, reservation: 'seat-1', expires_ms: 15_000, players }
  handlers.MatchmakerAdd = ({ id }, connection) =>
    connection.send(
      encodeServerFrame('MatchmakerAdd', { id, ticket }),
      encodeServerFrame('MatchmakerTicket', { ticket, state: 'matched', ...seat }),
    )
  handlers.MatchmakerRemove = ({ id }, connection) => connection.sendError(id, 'TICKET_NOT_FOUND')
  const members = players.map(({ properties: _, ...player }) => player)
  const party = { party: PARTY, leader: SESSION.session, max: 4, members }
  handlers.Party = ({ id, action }, connection) =>
    connection.send(
      encodeServerFrame('Party', action === 'leave' ? { id, reason: 'left' } : { id, ...party }),
    )
  const greeting = { isReliable: true, isMessagePack: true, data: encodeMessagePack('hello') }
  handlers.RoomJoin = ({ id }, connection) =>
    connection.send(joinReply(id), encodeRoomData({ room: HANDLE, op: 1, sender: 0, ...greeting }))
  return world
}

const code = [...readme.matchAll(/```(js|html)\n([\s\S]*?)```/g)].map(([, language = '', text = '']) => {
  const script = language === 'html' ? text.replace(/<\/?script[^>]*>/g, '') : text
  return script.replace(/^\s*import .*$/gm, '')
})

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parts: string[]
) => (...values: unknown[]) => Promise<unknown>

describe('README', () => {
  it('has examples', () => {
    expect(code.length).toBeGreaterThanOrEqual(8)
  })

  it.each(code.map((text, index) => [index + 1, text] as const))('example %i runs', async (_index, text) => {
    const world = exampleWorld()
    class KaosClient extends Client {
      constructor(url: string, options: ClientOptions = {}) {
        super(url, { clock: world.clock, random: () => 0.5, ...options }, world.server.dial)
      }
    }
    const globals = {
      KaosClient,
      KaosError,
      client: await world.connected(),
      roomId: ROOM_ID,
      invitation: PARTY,
      friend: FRIEND,
      location: { origin: 'http://localhost:7350' },
      console: { log: () => {} },
    }
    // The inner block lets an example declare what others find ready.
    const run = new AsyncFunction(...Object.keys(globals), `{${text}}`)
    const ended = outcome(run(...Object.values(globals)).then(() => 'done'))
    await world.run(2_000)
    expect(ended).toEqual({ value: 'done' })
    expect(world.logged).toEqual([])
  })

  const clientEvents: Record<keyof ClientEvents, true> = {
    connected: true,
    dropped: true,
    resuming: true,
    resumed: true,
    disconnected: true,
    reconnecting: true,
    ended: true,
    fallback: true,
    ticket: true,
    party: true,
    latency: true,
    error: true,
  }
  const roomEvents: Record<keyof RoomEvents, true> = {
    data: true,
    state: true,
    joined: true,
    departed: true,
    away: true,
    back: true,
    closed: true,
  }

  /** What stands in code in the first column of the table with this heading. */
  function firstColumn(heading: string): string[] {
    const start = readme.search(new RegExp(`^\\| ${heading} +\\|`, 'm'))
    const rows = readme.slice(start).split('\n\n')[0]!.split('\n').slice(2)
    return rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
  }

  it('its tables list every event of clients and rooms', () => {
    expect(firstColumn('event of a client')).toEqual(Object.keys(clientEvents))
    expect(firstColumn('event of a room')).toEqual(Object.keys(roomEvents))
  })

  it('names only errors that exist', () => {
    const names = firstColumn('error')
    expect(names.length).toBeGreaterThan(5)
    expect(names.filter((name) => !(name in ErrorTable))).toEqual([])
  })
})
