import type { ServerConfigInput } from '@kaosnet/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CorpusFile, readCorpus } from './support/corpus.ts'
import type { Expectation, Place } from './support/header.ts'
import { FINISH_OP } from './support/ops.ts'
import { perform } from './support/perform.ts'
import { expectOutcome } from './support/verdict.ts'
import { World } from './support/world.ts'

/** Threads for rooms and scripts; 0 = all in one. */
const workerSettings = [0, 1]

function configFor(workers: number): ServerConfigInput {
  return { rooms: { workers } }
}

/** What one attack may log at most. */
const MAX_LOG_LINES = 500
const MAX_LOG_LINE_CHARS = 32 * 1024
/** 30 Hz: no attack holds the thread of the canary for longer than three seconds, even on a busy machine. */
const MAX_SKIPPED_TICKS = 90
/** Of the ticks after that, when all is quiet again. */
const MAX_LATER_SKIPPED_TICKS = 2
/** Ticks within which everything is as it was before. */
const RECOVERY_TICKS = 60
const CASE_TIMEOUT_MS = 20_000

const FATAL_LEVEL = 60

const corpus = readCorpus()
const cases = corpus.flatMap((file) => file.where.map((place) => ({ file, place })))

describe.each(workerSettings)('hostile scripts, workers: %i', (workers) => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => {
    warnings.push(warning)
  }
  beforeAll(() => {
    process.on('warning', onWarning)
  })
  afterAll(() => {
    process.off('warning', onWarning)
  })

  describe('among other rooms', () => {
    let world: World
    beforeAll(async () => {
      world = World.create(corpus, configFor(workers))
      await world.start()
    })
    afterAll(() => world.close())

    define(
      cases.filter(({ file, place }) => !needsOwnServer(file, place)),
      async (file, place) => attack(world, file, place),
    )
  })

  describe('on a server of their own', () => {
    define(
      cases.filter(({ file, place }) => needsOwnServer(file, place) && place !== 'entry'),
      async (file, place) => {
        const world = World.create([file], configFor(workers))
        try {
          await world.start()
          await attack(world, file, place)
        } finally {
          await world.close()
        }
      },
    )
  })

  describe('while the server starts', () => {
    define(
      cases.filter(({ place }) => place === 'entry'),
      async (file) => {
        const world = World.create([file], configFor(workers), file.name)
        try {
          const error: unknown = await world.server.start().catch((thrown: unknown) => thrown)
          expect(error).toBeInstanceOf(Error)
          expect((error as Error).message).toMatch(expectationOf(file, 'entry').text ?? /./)
        } finally {
          await world.close()
        }
      },
    )
  })

  function define(
    attacks: readonly { readonly file: CorpusFile; readonly place: Place }[],
    run: (file: CorpusFile, place: Place) => Promise<void>,
  ): void {
    for (const { file, place } of attacks) {
      it(`${file.name} in ${place}: ${file.what}`, { timeout: CASE_TIMEOUT_MS }, async () => {
        warnings.length = 0
        await run(file, place)
        expect(warnings).toEqual([])
      })
    }
  }
})

function needsOwnServer(file: CorpusFile, place: Place): boolean {
  return file.hasOwnServer || place === 'match_terminate' || place === 'entry'
}

function expectationOf(file: CorpusFile, place: Place): Expectation {
  const expectation = file.outcomes.get(place)
  if (expectation === undefined) throw new Error(`${file.name} does not say what comes of it in ${place}`)
  return expectation
}

/** One attack, and everything that must be as it was after it. */
async function attack(world: World, file: CorpusFile, place: Place): Promise<void> {
  const { server, canary, logs } = world
  for (const name of ['Ada', 'Mallory']) await world.player(name)
  const before = canary.lastAnswer
  logs.clear()

  const outcome = await perform(world, file, place, async () => {
    if (file.hasCheck) await check(world, file, place)
  })

  const after = await canary.probe(1)
  expectOutcome(outcome, place, expectationOf(file, place))
  expect(after.sane).toBe(true)
  expect(after.ticks).toBeGreaterThan(before.ticks)
  expect(after.skipped_before - before.skipped).toBeLessThan(MAX_SKIPPED_TICKS)
  expect(after.skipped - after.skipped_before).toBeLessThanOrEqual(MAX_LATER_SKIPPED_TICKS)

  if (place === 'match_terminate') {
    canary.finish()
    await world.stopped()
    expect([server.roomCount, server.sessionCount]).toEqual([0, 0])
  } else {
    await recovered(world)
    const mallory = await world.player('Mallory')
    if (!file.hasOwnServer) expect(await mallory.rpc('ping', 'pong')).toBe('PONG')
  }
  expectQuietLog(world)
}

/** Looks for traces of the attack from another room and, where that is another Lua state, from the entry script. */
async function check(world: World, file: CorpusFile, place: Place): Promise<void> {
  const ada = await world.player('Ada')
  const room = await ada.joinRoom(await ada.createRoom('checker', { name: file.name }))
  expect(room.label).toBe('clean')
  room.send(FINISH_OP)
  if (place !== 'rpc' && place !== 'before_hook') expect(await ada.rpc('check', file.name)).toBe('clean')
}

/** Rooms that the attack made end by themselves; sessions it cost are replaced. */
async function recovered(world: World): Promise<void> {
  for (const name of ['Ada', 'Mallory']) await world.player(name)
  const { server, canary } = world
  const { rooms, sessions } = World.atRest
  const isBack = (): boolean => server.roomCount === rooms && server.sessionCount === sessions
  for (let tick = 0; tick < RECOVERY_TICKS && !isBack(); tick++) await canary.probe(1)
  expect({ sessions: server.sessionCount, rooms: server.roomCount }).toEqual({ sessions, rooms })
}

/** Errors of scripts are logged as such; nothing says that the server itself failed, and nothing floods the log. */
function expectQuietLog({ logs }: World): void {
  expect(logs.lines.filter(({ level }) => level >= FATAL_LEVEL)).toEqual([])
  expect(logs.lines.filter(({ msg }) => /a kaos function failed|internal/.test(msg))).toEqual([])
  expect(logs.lineCount).toBeLessThan(MAX_LOG_LINES)
  expect(logs.longestLineChars).toBeLessThan(MAX_LOG_LINE_CHARS)
}
