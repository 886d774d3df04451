import { setTimeout as sleep } from 'node:timers/promises'
import { performance } from 'node:perf_hooks'
import { serveParent } from '../../transport/processes/child-process.ts'
import type { Cell, CellResult } from '../measure/cell.ts'
import { cellResult } from '../measure/cell-result.ts'
import { InputStream } from '../players/input-stream.ts'
import { Player } from '../players/player.ts'
import { RoomServer } from './room-server.ts'

/** The process that measures one cell: the server and its players. */
export type RoomsProcessApi = {
  /** @param argument Whether to give the host's thread a core to itself: this process cannot see how many there are. */
  measure(argument: { cell: Cell; shallPin: boolean }): Promise<CellResult>
}

const MEMBERS_PER_ROOM = 2
const INPUTS_PER_ROOM_AND_SECOND = 2
const INPUT_BYTES = 32
const HOST_CORE = 0
/** Loading scripts is over, and the compiler at rest. */
const IDLE_MS = 1_000
/** The code gets warm. */
const WARM_UP_MS = 2_000
/** What measuring itself held up is caught up. */
const SETTLE_MS = 500
/** So many players come in at once. */
const JOINS_AT_ONCE = 200

const measure: RoomsProcessApi['measure'] = async ({ cell, shallPin }) => {
  const { language, load, rooms, hz, seconds, profile } = cell
  const server = await RoomServer.start(rooms)
  const isPinned = shallPin && server.pinHost(HOST_CORE)
  await server.sample()
  await sleep(IDLE_MS)
  const memoryWithout = await server.memory()
  const idleBefore = await server.sample()
  await sleep(IDLE_MS)
  const idleAfter = await server.sample()

  const startedMs = performance.now()
  const ids = await server.createRooms(`${load}-${language}`, rooms, hz)
  const inputs = load === 'light' ? await play(server, ids) : undefined
  const setUpMs = performance.now() - startedMs
  await sleep(WARM_UP_MS)
  const memoryWith = await server.memory()
  await sleep(WARM_UP_MS)

  await server.survey()
  await sleep(SETTLE_MS)
  if (profile !== undefined) await server.startProfile()
  const before = await server.sample()
  const sentBefore = inputs?.sent ?? 0
  await sleep(seconds * 1000)
  const after = await server.sample()
  const inputsSent = (inputs?.sent ?? 0) - sentBefore
  if (profile !== undefined) await server.stopProfile(profile)
  const drift = await server.drift(hz)

  return cellResult({
    cell,
    idle: [idleBefore, idleAfter],
    measured: [before, after],
    memory: [memoryWithout, memoryWith],
    drift,
    inputsSent,
    inputsDuePerSecond: load === 'light' ? rooms * INPUTS_PER_ROOM_AND_SECOND : 0,
    setUpMs,
    isPinned,
  })
}

/** Two members join each room; from then on they send. */
async function play(server: RoomServer, roomIds: readonly string[]): Promise<InputStream> {
  const seats = roomIds.flatMap((id) => Array.from({ length: MEMBERS_PER_ROOM }, () => id))
  const players: Player[] = []
  while (players.length < seats.length) {
    const next = seats.slice(players.length, players.length + JOINS_AT_ONCE)
    const joined = next.map(async (id) => {
      const player = await Player.start(server.transport)
      await player.join(id, INPUT_BYTES)
      return player
    })
    players.push(...(await Promise.all(joined)))
  }
  return new InputStream(players, roomIds.length * INPUTS_PER_ROOM_AND_SECOND)
}

serveParent({ measure } satisfies RoomsProcessApi)
