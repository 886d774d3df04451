import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LinkKind } from '../load/links/link.ts'
import type { Language } from '../rooms/measure/cell.ts'
import type { Bench, BenchContext, BenchReport } from '../suite/bench.ts'
import { firstLine } from '../suite/format.ts'
import { onePerCore } from '../suite/pin.ts'
import { type IdleRooms, measureIdleRooms } from './idle-rooms.ts'
import { type IdleSessions, measureIdleSessions } from './idle-sessions.ts'
import {
  emptyNote,
  roomsData,
  roomsTable,
  sessionsData,
  sessionsTable,
  type Measured,
} from './idle-tables.ts'

const SESSIONS = [2_500, 5_000, 10_000]
const ROOMS = [500, 1_000, 2_000]
const HZ = 20
const SECONDS = 10
/** Two heartbeats of each session, and some. */
const SETTLE_SECONDS = 12
const CATCH_UP_SECONDS = 3
const WARM_UP_SESSIONS = 200
/** Memory of WebAssembly never shrinks: what these leave behind is filled by the first ones that are measured. */
const WARM_UP_ROOMS = 20
const QUICK = {
  sessions: [20],
  rooms: [10],
  seconds: 1,
  settleSeconds: 1,
  catchUpSeconds: 0,
  warmup: 10,
} as const

export const idle: Bench = {
  name: 'idle',
  title: `Idle sessions, and empty rooms that tick at ${HZ} Hz`,
  run,
}

async function run(context: BenchContext): Promise<BenchReport> {
  const { links, languages } = context.options
  const notes: string[] = []
  const measureAll = async <Item, Figures>(
    items: readonly Item[],
    nameOf: (item: Item) => string,
    measure: (item: Item, context: BenchContext) => Promise<Figures>,
  ): Promise<Measured<Figures>[]> => {
    const measured: Measured<Figures>[] = []
    for (const item of items) {
      const name = nameOf(item)
      const progress = (text: string): void => context.progress(`${name}: ${text}`)
      try {
        measured.push({ name, figures: await measure(item, { ...context, progress }) })
      } catch (error) {
        notes.push(`${name} could not be measured: ${firstLine(error)}`)
        progress(firstLine(error))
      }
    }
    return measured
  }
  const sessions = await measureAll(links, nameOfLink, sessionsOver)
  const rooms = await measureAll(languages, nameOfLanguage, roomsIn)
  return {
    tables: [
      ...(sessions.length === 0 ? [] : [sessionsTable(sessions)]),
      ...(rooms.length === 0 ? [] : [roomsTable(rooms)]),
    ],
    notes: [...[...sessions, ...rooms].map(emptyNote), ...notes],
    data: { sessions: sessions.map(sessionsData), rooms: rooms.map(roomsData) },
  }
}

function sessionsOver(link: LinkKind, { options, progress }: BenchContext): Promise<IdleSessions> {
  const { isQuick, profile } = options
  if (profile !== undefined) mkdirSync(profile, { recursive: true })
  return measureIdleSessions({
    link,
    sizes: options.sessions ?? (isQuick ? QUICK.sessions : SESSIONS),
    warmupSessions: isQuick ? QUICK.warmup : WARM_UP_SESSIONS,
    settleSeconds: isQuick ? QUICK.settleSeconds : SETTLE_SECONDS,
    catchUpSeconds: isQuick ? QUICK.catchUpSeconds : CATCH_UP_SECONDS,
    seconds: options.seconds ?? (isQuick ? QUICK.seconds : SECONDS),
    pin: onePerCore(),
    snapshot: profile === undefined ? undefined : join(profile, `idle-${link}.heapsnapshot`),
    progress,
  })
}

function roomsIn(language: Language, { options, progress }: BenchContext): Promise<IdleRooms> {
  const { isQuick } = options
  return measureIdleRooms({
    language,
    hz: HZ,
    sizes: options.rooms ?? (isQuick ? QUICK.rooms : ROOMS),
    warmupRooms: isQuick ? QUICK.warmup : WARM_UP_ROOMS,
    settleSeconds: isQuick ? QUICK.settleSeconds : SETTLE_SECONDS,
    catchUpSeconds: isQuick ? QUICK.catchUpSeconds : CATCH_UP_SECONDS,
    seconds: options.seconds ?? (isQuick ? QUICK.seconds : SECONDS),
    pin: onePerCore(),
    progress,
  })
}

function nameOfLink(link: LinkKind): string {
  return link === 'rudp' ? 'RUDP' : 'WebSocket'
}

function nameOfLanguage(language: Language): string {
  return language === 'lua' ? 'Lua' : 'TypeScript'
}
