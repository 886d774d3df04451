import { setTimeout as sleep } from 'node:timers/promises'
import type { Language } from '../rooms/measure/cell.ts'
import type { Pin } from '../suite/pin.ts'
import { SUITE_SCRIPTS } from '../suite/scripts.ts'
import type { ServerFigures } from '../suite/server-figures.ts'
import type { ServerMemory } from '../suite/server-process.ts'
import type { IdleMemory } from './idle-figures.ts'
import { IdleServer } from './idle-server.ts'

/** A thread of rooms that does not answer for long is ended. */
const ROOMS_AT_ONCE = 250
const FOR_EVER = 0

export interface IdleRoomsOptions {
  readonly language: Language
  readonly hz: number
  /** Ascending: one server fills up. */
  readonly sizes: readonly number[]
  /** So many come and go before anything is measured. */
  readonly warmupRooms: number
  /** How long they tick before they go, and before rooms are measured. */
  readonly settleSeconds: number
  /** After each reading of the memory. */
  readonly catchUpSeconds: number
  readonly seconds: number
  readonly pin: Pin
  progress(text: string): void
}

export interface IdleRoomsSize extends IdleMemory {
  readonly server: ServerFigures
}

export interface IdleRooms {
  /** With no room any more. */
  readonly empty: { readonly memory: ServerMemory; readonly server: ServerFigures }
  readonly sizes: readonly IdleRoomsSize[]
}

/** Makes rooms that nobody enters and that tick all the same, and sees what they cost. */
export async function measureIdleRooms(options: IdleRoomsOptions): Promise<IdleRooms> {
  const { sizes, pin, seconds, settleSeconds, catchUpSeconds, progress } = options
  const server = await IdleServer.start(
    {
      auth: { anonymous: true },
      rooms: { workers: 1 },
      scripts: SUITE_SCRIPTS,
      log: { level: 'warn' },
    },
    pin.server,
  )
  const create = async (rooms: number, emptyTimeoutSeconds: number): Promise<void> => {
    const module = `idle-${options.language}`
    const params = { hz: options.hz, empty_timeout: emptyTimeoutSeconds }
    for (let made = 0; made < rooms; made += ROOMS_AT_ONCE) {
      const count = Math.min(ROOMS_AT_ONCE, rooms - made)
      await server.operate('createRooms', { module, count, params })
    }
  }
  try {
    progress(`${options.warmupRooms} rooms come and go`)
    await create(options.warmupRooms, settleSeconds)
    await server.reach('kaosnet_rooms', options.warmupRooms)
    await server.reach('kaosnet_rooms', 0)
    const empty = { memory: await server.memory(catchUpSeconds), server: await server.watch(seconds) }

    const measured: IdleRoomsSize[] = []
    let count = 0
    for (const size of sizes) {
      await create(size - count, FOR_EVER)
      count = size
      progress(`${size} rooms tick`)
      await sleep(settleSeconds * 1000)
      const memory = await server.memory(catchUpSeconds)
      const figures = await server.watch(seconds)
      await server.reach('kaosnet_rooms', size)
      measured.push({ count, memory, server: figures })
    }
    return { empty, sizes: measured }
  } finally {
    await server.stop()
  }
}
