import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerConfigInput } from '@kaosnet/server'
import { type LoadFigures, type LoadSummary, summarize } from '../load/load-figures.ts'
import type { LoadPlan } from '../load/load-plan.ts'
import type { LoadProcessApi } from '../load/load-process.ts'
import { BenchProcess } from '../transport/processes/child-process.ts'
import type { Pin } from './pin.ts'
import { type ServerFigures, serverFigures } from './server-figures.ts'
import type { ServerProcessApi, ServerReading } from './server-process.ts'

const SERVER = new URL('server-process.js', import.meta.url)
const GENERATOR = new URL('../load/load-process.js', import.meta.url)
/** To bring in ten thousand sessions on a machine that does other things as well. */
const ANSWER_WITHIN_MS = 180_000

export interface LoadTestOptions {
  /** Of the server. */
  readonly config: ServerConfigInput
  readonly load: Omit<LoadPlan, 'server' | 'firstBot'>
  /** The load is divided among so many processes. */
  readonly generators: number
  readonly warmupSeconds: number
  readonly seconds: number
  readonly pin: Pin
  /** Folder for CPU profiles of the server's threads; undefined = none. */
  readonly profile: string | undefined
  progress(text: string): void
}

export interface LoadTestResult {
  readonly server: ServerFigures
  readonly load: LoadSummary
  /** The server's, with nobody there. */
  readonly emptyRssBytes: number
  readonly setUpMs: number
}

/** Starts a server, puts a load on it, and reads both: what every benchmark of the suite does. */
export async function runLoadTest(options: LoadTestOptions): Promise<LoadTestResult> {
  const { config, load, generators, pin, profile, progress } = options
  const server = new BenchProcess<ServerProcessApi>({
    name: 'server',
    module: SERVER,
    prefix: pin.server,
    answerWithinMs: ANSWER_WITHIN_MS,
  })
  const loads = Array.from({ length: generators }, (_, index) => {
    const name = generators === 1 ? 'generator' : `generator ${index + 1}`
    const process = { module: GENERATOR, prefix: pin.generator, answerWithinMs: ANSWER_WITHIN_MS }
    return new BenchProcess<LoadProcessApi>({ name, ...process })
  })
  try {
    const address = await server.call('start', config)
    const empty = await server.call('read', null)
    const plans = divide(load, generators).map((part) => ({ ...part, server: address }))
    const opened = await all(loads, (process, index) => process.call('open', plans[index] as LoadPlan))
    const setUpMs = Math.max(...opened.map((part) => part.setUpMs))
    progress(`everybody is in after ${(setUpMs / 1000).toFixed(1)} s`)
    await all(loads, (process) => process.call('startInputs', null))
    await sleep(options.warmupSeconds * 1000)
    if (profile !== undefined) {
      await server.call('startProfile', null)
      await loads[0]?.call('startProfile', null)
    }
    const [before, after, figures] = await measure(server, loads, options.seconds)
    if (profile !== undefined) {
      await server.call('stopProfile', profile)
      await loads[0]?.call('stopProfile', join(profile, 'generator.cpuprofile'))
    }
    await all(loads, (process) => process.call('close', null))
    const summary = summarize(figures)
    for (const remark of remarksOn(summary)) progress(remark)
    return {
      server: serverFigures(before, after),
      load: summary,
      emptyRssBytes: empty.rssBytes,
      setUpMs,
    }
  } finally {
    await Promise.all([server, ...loads].map((process) => process.stop()))
  }
}

async function measure(
  server: BenchProcess<ServerProcessApi>,
  loads: readonly BenchProcess<LoadProcessApi>[],
  seconds: number,
): Promise<[before: ServerReading, after: ServerReading, figures: LoadFigures[]]> {
  const [before] = await Promise.all([
    server.call('read', null),
    all(loads, (process) => process.call('beginWindow', null)),
  ])
  await sleep(seconds * 1000)
  const [after, figures] = await Promise.all([
    server.call('read', null),
    all(loads, (process) => process.call('endWindow', null)),
  ])
  return [before, after, figures]
}

function all<Result>(
  loads: readonly BenchProcess<LoadProcessApi>[],
  call: (process: BenchProcess<LoadProcessApi>, index: number) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(loads.map(call))
}

/** What must be known of the generator to believe its figures. */
export function remarksOn({ ownSocketsReason, lostDatagrams }: LoadSummary): string[] {
  const remarks: string[] = []
  if (ownSocketsReason !== undefined) {
    remarks.push(`each bot has a socket of its own, so the generator is busy sooner: ${ownSocketsReason}`)
  }
  if (lostDatagrams > 0) remarks.push(`the generator has lost ${lostDatagrams} datagrams`)
  return remarks
}

/** Whole rooms, as evenly as may be. */
export function divide(
  load: LoadTestOptions['load'],
  parts: number,
): (LoadTestOptions['load'] & { firstBot: number })[] {
  const unit = load.rooms?.botsPerRoom ?? 1
  const total = load.crowds.reduce((sum, { bots }) => sum + bots, 0)
  const units = Math.ceil(total / unit)
  let firstBot = 0
  return Array.from({ length: parts }, (_, part) => {
    const unitsHere = Math.floor((units * (part + 1)) / parts) - Math.floor((units * part) / parts)
    const botsHere = Math.min(unitsHere * unit, total - firstBot)
    const crowds = load.crowds.map(({ link, bots }, index) => {
      const before = Math.round((bots * firstBot) / total)
      const after = Math.round((bots * (firstBot + botsHere)) / total)
      return { link, bots: index === 0 ? 0 : after - before }
    })
    const first = crowds[0]
    const rest = crowds.reduce((sum, { bots }) => sum + bots, 0)
    const plan = {
      ...load,
      crowds: first === undefined ? [] : [{ ...first, bots: botsHere - rest }, ...crowds.slice(1)],
      firstBot,
    }
    firstBot += botsHere
    return plan
  })
}
