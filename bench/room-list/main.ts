import { availableParallelism, cpus, release } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { KaosClient } from '@kaosnet/client'
import { type Percentiles, percentilesOf } from '../transport/latency/percentiles.ts'
import { queries } from './queries.ts'
import { openLobby } from './rooms.ts'

const ROOM_COUNTS = [1_000, 10_000]
const WARM_UP_ROUNDS = 200
const ROUNDS = 1_000
/** Of which the quietest counts: what is slower there is the query's, not that of other programs. */
const RUNS = 3
/** Measured in pieces, so that the server can do its other work in between. */
const ROUNDS_AT_ONCE = 50
const UPDATES_MS = 5_000

interface Row {
  readonly what: string
  readonly found: number
  readonly p50Us: number
  readonly p99Us: number
  /** Of the run that was disturbed most. */
  readonly worstP99Us: number
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
    console.log(`\n${await measureUpdates(lobby.client)}`)
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
  const runs: Percentiles[] = []
  let found = 0
  while (runs.length < RUNS) {
    const times: number[] = []
    while (times.length < ROUNDS) {
      const part = await client.rpc<Times>('time', { query, cursor, rounds: ROUNDS_AT_ONCE })
      times.push(...part.times)
      found = part.found
    }
    runs.push(percentilesOf(times))
  }
  runs.sort((a, b) => a.p99 - b.p99)
  const [best, worst] = [runs[0], runs.at(-1)] as [Percentiles, Percentiles]
  return { what, found, p50Us: best.p50, p99Us: best.p99, worstP99Us: worst.p99 }
}

/** What a new label costs this process, all threads of it, beyond making the text of it. */
async function measureUpdates(client: KaosClient): Promise<string> {
  const making = await measureCpu(client, 'texts')
  const setting = await measureCpu(client, 'labels')
  const perUpdateUs = setting.cpuUs / setting.count - making.cpuUs / making.count
  const perSecond = Math.round((setting.count / UPDATES_MS) * 1_000).toLocaleString('en')
  return `A label update: ${perUpdateUs.toFixed(1)} µs of processor time, at ${perSecond} a second`
}

async function measureCpu(
  client: KaosClient,
  kind: 'texts' | 'labels',
): Promise<{ readonly cpuUs: number; readonly count: number }> {
  await client.rpc('update', { kind })
  await setTimeout(UPDATES_MS / 2)
  await client.rpc('update', { kind })
  const start = process.cpuUsage()
  await setTimeout(UPDATES_MS)
  const { user, system } = process.cpuUsage(start)
  return { cpuUs: user + system, count: await client.rpc<number>('update', { kind: 'none' }) }
}

function table(count: number, rows: readonly Row[]): string {
  const head = [
    `| ${count.toLocaleString('en')} rooms | rooms on the page | p50 (ms) | p99 (ms) | worst p99 (ms) |`,
    '| --- | ---: | ---: | ---: | ---: |',
  ]
  const ms = (us: number) => (us / 1_000).toFixed(3)
  return [
    ...head,
    ...rows.map(
      ({ what, found, p50Us, p99Us, worstP99Us }) =>
        `| ${what} | ${found} | ${ms(p50Us)} | ${ms(p99Us)} | ${ms(worstP99Us)} |`,
    ),
  ].join('\n')
}
