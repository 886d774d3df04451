import { availableParallelism, cpus, release } from 'node:os'
import type { KaosClient } from '@kaosnet/client'
import { percentilesOf } from '../transport/latency/percentiles.ts'
import { queries } from './queries.ts'
import { openLobby } from './rooms.ts'

const ROOM_COUNTS = [1_000, 10_000]
const WARM_UP_ROUNDS = 200
const ROUNDS = 1_000
/** Measured in pieces, so that the server can do its other work in between. */
const ROUNDS_AT_ONCE = 50

interface Row {
  readonly what: string
  readonly found: number
  readonly p50Us: number
  readonly p99Us: number
}

console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}, Node ${process.version}`,
)
for (const count of ROOM_COUNTS) {
  const lobby = await openLobby(count)
  try {
    const rows: Row[] = []
    for (const { what, query } of queries) rows.push(await measure(lobby.client, what, query))
    const { cursor } = await lobby.client.pageRooms({ query: '+* label.skill:<30000' })
    rows.push(await measure(lobby.client, 'the second page', '+* label.skill:<30000', cursor))
    console.log(`\n${table(count, rows)}`)
  } finally {
    await lobby.close()
  }
}

async function measure(client: KaosClient, what: string, query: string, cursor?: string): Promise<Row> {
  interface Times {
    readonly times: number[]
    readonly found: number
  }
  await client.rpc('time', { query, cursor, rounds: WARM_UP_ROUNDS })
  const times: number[] = []
  let found = 0
  while (times.length < ROUNDS) {
    const part = await client.rpc<Times>('time', { query, cursor, rounds: ROUNDS_AT_ONCE })
    times.push(...part.times)
    found = part.found
  }
  const { p50, p99 } = percentilesOf(times)
  return { what, found, p50Us: p50, p99Us: p99 }
}

function table(count: number, rows: readonly Row[]): string {
  const head = [
    `| ${count.toLocaleString('en')} rooms | rooms on the page | p50 (ms) | p99 (ms) |`,
    '| --- | ---: | ---: | ---: |',
  ]
  const ms = (us: number) => (us / 1_000).toFixed(3)
  return [
    ...head,
    ...rows.map(({ what, found, p50Us, p99Us }) => `| ${what} | ${found} | ${ms(p50Us)} | ${ms(p99Us)} |`),
  ].join('\n')
}
