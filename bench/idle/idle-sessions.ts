import { setTimeout as sleep } from 'node:timers/promises'
import type { LinkKind } from '../load/links/link.ts'
import { type LoadSummary, summarize } from '../load/load-figures.ts'
import type { LoadProcessApi } from '../load/load-process.ts'
import type { Pin } from '../suite/pin.ts'
import { SUITE_SCRIPTS } from '../suite/scripts.ts'
import type { ServerFigures } from '../suite/server-figures.ts'
import type { ServerMemory } from '../suite/server-process.ts'
import { BenchProcess } from '../transport/processes/child-process.ts'
import type { IdleMemory } from './idle-figures.ts'
import { IdleServer } from './idle-server.ts'

const GENERATOR = new URL('../load/load-process.js', import.meta.url)
const ANSWER_WITHIN_MS = 180_000
/** Sessions beyond those that are measured: who asks for garbage collections, once in a while. */
const OPERATORS = 16

export interface IdleSessionsOptions {
  readonly link: LinkKind
  /** Ascending: one server fills up. */
  readonly sizes: readonly number[]
  /** So many come and go before anything is measured. */
  readonly warmupSessions: number
  /** How long sessions idle before they are measured. */
  readonly settleSeconds: number
  /** After each reading of the memory. */
  readonly catchUpSeconds: number
  readonly seconds: number
  readonly pin: Pin
  /** File for a snapshot of the heap at the largest size; undefined = none. */
  readonly snapshot: string | undefined
  progress(text: string): void
}

export interface IdleSessionsSize extends IdleMemory {
  readonly server: ServerFigures
  readonly load: LoadSummary
}

export interface IdleSessions {
  /** With nobody there any more. */
  readonly empty: { readonly memory: ServerMemory; readonly server: ServerFigures }
  readonly sizes: readonly IdleSessionsSize[]
}

/** Lets sessions in that do nothing but stay, and sees what they cost. @throws Error when one of them is lost */
export async function measureIdleSessions(options: IdleSessionsOptions): Promise<IdleSessions> {
  const { sizes, pin, seconds, settleSeconds, catchUpSeconds, progress } = options
  const server = await IdleServer.start(
    {
      auth: { anonymous: true },
      rooms: { workers: 1 },
      limits: { sessions: Math.max(...sizes) + OPERATORS },
      scripts: SUITE_SCRIPTS,
      log: { level: 'warn' },
    },
    pin.server,
  )
  const crowds: BenchProcess<LoadProcessApi>[] = []
  /** Each crowd is a process of its own; the first one is gone before the others come. */
  const bringIn = async (bots: number, firstBot: number): Promise<BenchProcess<LoadProcessApi>> => {
    const crowd = new BenchProcess<LoadProcessApi>({
      name: `generator ${crowds.length + 1}`,
      module: GENERATOR,
      prefix: pin.generator,
      answerWithinMs: ANSWER_WITHIN_MS,
    })
    crowds.push(crowd)
    const { link } = options
    await crowd.call('open', { server: server.address, crowds: [{ link, bots }], firstBot })
    return crowd
  }
  try {
    progress(`${options.warmupSessions} sessions come and go`)
    const first = await bringIn(options.warmupSessions, 0)
    await sleep(settleSeconds * 1000)
    await first.call('leave', null)
    await server.reach('kaosnet_sessions', 0)
    await first.stop()
    const empty = { memory: await server.memory(catchUpSeconds), server: await server.watch(seconds) }

    const measured: IdleSessionsSize[] = []
    const there: BenchProcess<LoadProcessApi>[] = []
    let count = 0
    for (const size of sizes) {
      there.push(await bringIn(size - count, count))
      count = size
      progress(`${size} sessions are in`)
      await sleep(settleSeconds * 1000)
      await server.reach('kaosnet_sessions', size)
      const memory = await server.memory(catchUpSeconds)
      await Promise.all(there.map((crowd) => crowd.call('beginWindow', null)))
      const figures = await server.watch(seconds)
      const load = summarize(await Promise.all(there.map((crowd) => crowd.call('endWindow', null))))
      if (load.lost > 0) throw new Error(`${load.lost} sessions were lost: ${load.firstTrouble}`)
      measured.push({ count, memory, server: figures, load })
    }
    if (options.snapshot !== undefined) await server.heapSnapshot(options.snapshot)
    return { empty, sizes: measured }
  } finally {
    await Promise.all([server, ...crowds].map((process) => process.stop()))
  }
}
