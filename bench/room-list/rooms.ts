import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KaosClient } from '@kaosnet/client'
import { createServer } from '@kaosnet/server'

/** A room as a lobby knows it. Every label is another: name, skill and tags differ. */
const LOBBY = `
import { defineRoom } from '@kaosnet/server/script'
import { updates } from './lib/updates.ts'
const regions = ['eu', 'us', 'br', 'jp', 'in', 'au', 'za', 'kr', 'sg', 'ca']
export default defineRoom({
  init: (room, { n }) => ({
    state: { n },
    tickHz: 1,
    maxPlayers: 2 + (n % 8),
    emptyTimeoutMs: 0,
    label: labelOf(n, 0),
  }),
  loop: (room, { n }) => {
    if (updates.kind === 'none') return
    updates.count++
    const label = labelOf(n, updates.count)
    if (updates.kind === 'labels') room.updateLabel(label)
  },
})
function labelOf(n, round) {
  return JSON.stringify({
    mode: n % 2 === 0 ? 'ranked' : 'casual',
    region: regions[n % 10],
    skill: (n * 7919 + round) % 100_000,
    name: 'Room ' + n.toString(36) + ' of the Old Harbour',
    map: { name: 'map' + (n % 50), size: n % 4 },
    tags: ['t' + (n % 100), 'fast', n % 3],
    rare: n % 1_000 === 0,
  })
}`

/** What rooms do in each tick: nothing, make a label of which one number is new, or set that, too. */
const UPDATES = `export const updates = { kind: 'none', count: 0 }`

const MAIN = `
import { defineScripts } from '@kaosnet/server/script'
import { updates } from './lib/updates.ts'
export default defineScripts({
  rpcs: {
    create(ctx, { from, count }) {
      for (let n = from; n < from + count; n++) ctx.rooms.create('lobby', { n })
    },
    update(ctx, { kind }) {
      const { count } = updates
      Object.assign(updates, { kind, count: 0 })
      return count
    },
    time(ctx, { query, cursor, rounds }) {
      const times = []
      let found = 0
      for (let round = 0; round < rounds; round++) {
        const start = process.hrtime.bigint()
        found = ctx.rooms.list({ query, cursor }).length
        times.push(Number(process.hrtime.bigint() - start) / 1e3)
      }
      return { times, found }
    },
  },
})`

export interface Lobby {
  readonly client: KaosClient
  close(): Promise<void>
}

/** A server that runs so many rooms, and a client of it, in this process. */
export async function openLobby(rooms: number): Promise<Lobby> {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-bench-'))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(dir, 'lobby.ts'), LOBBY)
  writeFileSync(join(dir, 'main.ts'), MAIN)
  mkdirSync(join(dir, 'lib'))
  writeFileSync(join(dir, 'lib', 'updates.ts'), UPDATES)
  const server = createServer({
    host: '127.0.0.1',
    port: 0,
    udp: { enabled: false },
    auth: { anonymous: true },
    rooms: { workers: 0 },
    scripts: { modulesDir: dir },
    limits: { rooms },
    shutdownGraceSeconds: 0,
    log: { level: 'error' },
  })
  const stop = async (): Promise<void> => {
    await server.stop({ graceSeconds: 0 })
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await server.start()
    const client = new KaosClient(`http://127.0.0.1:${server.port}`, { reconnect: false })
    await client.connect()
    const step = 500
    for (let from = 0; from < rooms; from += step) {
      await client.rpc('create', { from, count: Math.min(step, rooms - from) })
    }
    return { client, close: () => client.close().then(stop) }
  } catch (error) {
    await stop()
    throw error
  }
}
