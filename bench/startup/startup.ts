import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchContext, BenchReport } from '../suite/bench.ts'
import { figure, firstLine, mebibytes } from '../suite/format.ts'
import { type InstallSize, measureInstall } from './install-size.ts'
import { type StartTime, startOnce } from './start-time.ts'

/** This file runs as `bench/dist/startup/startup.js`. */
const ARENA = fileURLToPath(new URL('../../../examples/game-server/', import.meta.url))
const STARTS = 15
const QUICK_STARTS = 1
const LARGEST = 6

interface Game {
  readonly name: string
  readonly folder: string
  readonly options: readonly string[]
}

interface Measured {
  readonly game: string
  /** In the order in which they were made. */
  readonly starts: readonly StartTime[]
}

export const startup: Bench = {
  name: 'startup',
  title: 'From the start of the process to the server that listens, and what an installation takes',
  run,
}

async function run({ options, progress }: BenchContext): Promise<BenchReport> {
  const empty = mkdtempSync(join(tmpdir(), 'kaosnet-empty-'))
  try {
    const games: readonly Game[] = [
      { name: 'no scripts', folder: empty, options: [] },
      { name: 'the arena in Lua', folder: ARENA, options: [] },
      { name: 'the arena in TypeScript', folder: ARENA, options: ['--modules', join(ARENA, 'typescript')] },
    ]
    const measured: Measured[] = []
    for (const game of games) {
      progress(game.name)
      measured.push({
        game: game.name,
        starts: await startOften(game, options.isQuick ? QUICK_STARTS : STARTS),
      })
    }
    let install: InstallSize | undefined
    let failure: string | undefined
    if (!options.isQuick) {
      progress('an installation')
      try {
        install = await measureInstall()
      } catch (error) {
        failure = firstLine(error)
        progress(failure)
      }
    }
    return {
      tables: [
        {
          head: ['game', 'listening after, ms: median', 'least', 'most', 'CPU, ms', 'RSS, MiB'],
          rows: measured.map(rowOf),
        },
      ],
      notes: [
        ...(install === undefined ? [] : [describe(install)]),
        ...(failure === undefined ? [] : [`No installation: ${failure}`]),
      ],
      data: { starts: measured, install },
    }
  } finally {
    rmSync(empty, { recursive: true })
  }
}

async function startOften(game: Game, times: number): Promise<StartTime[]> {
  // Once without counting: it reads the files from the disk, and makes the key of UDP.
  await startOnce(game.folder, game.options)
  const starts: StartTime[] = []
  for (let time = 0; time < times; time += 1) starts.push(await startOnce(game.folder, game.options))
  return starts
}

function rowOf({ game, starts }: Measured): string[] {
  const times = starts.map(({ listeningMs }) => listeningMs)
  return [
    game,
    figure(median(times)),
    figure(Math.min(...times)),
    figure(Math.max(...times)),
    figure(median(starts.map(({ cpuMs }) => cpuMs))),
    mebibytes(median(starts.map(({ rssBytes }) => rssBytes))),
  ]
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function describe({ bytes, packages }: InstallSize): string {
  const largest = packages.slice(0, LARGEST).map((one) => `${one.name} ${mebibytes(one.bytes)}`)
  return `Installed: ${packages.length} packages, ${mebibytes(bytes)} MiB; the largest: ${largest.join(', ')}.`
}
