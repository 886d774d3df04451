import type { BenchTable } from '../suite/bench.ts'
import { figure, mebibytes, percent } from '../suite/format.ts'
import { figuresOfLoad } from '../suite/load-figures-of.ts'
import { type BytesEach, bytesEach } from './idle-figures.ts'
import type { IdleRooms } from './idle-rooms.ts'
import type { IdleSessions } from './idle-sessions.ts'

const KIBIBYTE = 1_024

export interface Measured<Figures> {
  readonly name: string
  readonly figures: Figures
}

export function sessionsTable(measured: readonly Measured<IdleSessions>[]): BenchTable {
  return {
    caption: 'Sessions',
    head: ['server', 'sessions', ...memoryHead('session'), 'CPU at rest', 'heartbeats/s', 'datagrams/s'],
    rows: measured.flatMap(({ name, figures: { empty, sizes } }) => {
      const each = bytesEach(empty.memory, sizes)
      return sizes.map(({ count, server, load }, index) => {
        const frames = (server.framesIn + server.framesOut) / server.seconds
        return [
          name,
          `${count.toLocaleString('en')}${load.isSaturated ? ' *' : ''}`,
          ...memoryCells(each[index]),
          percent(server.cpuShare),
          figure(server.framesIn / server.seconds),
          name === 'RUDP' ? figure(server.datagramsPerFrame * frames) : '–',
        ]
      })
    }),
  }
}

export function roomsTable(measured: readonly Measured<IdleRooms>[]): BenchTable {
  return {
    caption: 'Rooms',
    head: ['rooms in', 'rooms', ...memoryHead('room'), 'CPU', 'Hz achieved', 'lateness p50 / p99, ms'],
    rows: measured.flatMap(({ name, figures: { empty, sizes } }) => {
      const each = bytesEach(empty.memory, sizes)
      return sizes.map(({ count, server }, index) => [
        name,
        count.toLocaleString('en'),
        ...memoryCells(each[index]),
        percent(server.cpuShare),
        figure(server.ticksPerSecond / count),
        `${figure(server.tickLatenessMs.p50)} / ${figure(server.tickLatenessMs.p99)}`,
      ])
    }),
  }
}

function memoryHead(thing: string): string[] {
  return [
    `RSS, KiB/${thing}`,
    `of each further ${thing}`,
    'as the system counts',
    'alive in JavaScript heaps',
  ]
}

function memoryCells(each: BytesEach | undefined): string[] {
  if (each === undefined) return []
  return [each.rss, each.rssOfFurther, each.foundRss, each.heap].map((bytes) => figure(bytes / KIBIBYTE))
}

/** What the server takes that has been used and is empty again. */
export function emptyNote({ name, figures: { empty } }: Measured<IdleSessions | IdleRooms>): string {
  return `${name}: the empty server takes ${mebibytes(empty.memory.rssBytes)} MiB and ${percent(empty.server.cpuShare)} of a core.`
}

export function sessionsData({ name, figures }: Measured<IdleSessions>): object {
  const each = bytesEach(figures.empty.memory, figures.sizes)
  const sizes = figures.sizes.map((size, index) => ({
    ...size,
    load: figuresOfLoad(size.load),
    bytesEach: each[index],
  }))
  return { name, empty: figures.empty, sizes }
}

export function roomsData({ name, figures }: Measured<IdleRooms>): object {
  const each = bytesEach(figures.empty.memory, figures.sizes)
  return {
    name,
    empty: figures.empty,
    sizes: figures.sizes.map((size, index) => ({ ...size, bytesEach: each[index] })),
  }
}
