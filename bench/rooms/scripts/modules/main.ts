import { readlinkSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type CallContext, defineScripts, type RoomId, rpc } from '@kaosnet/server'
import { type Drift, driftBetween, type TickNote } from './_drift.ts'
import { ThreadProfile } from '../../processes/thread-profile.ts'

/**
 * What the benchmark asks of the host's thread, from inside of it. Modules keep no state as a rule; these are notes of the
 * benchmark, made and read by its one operator.
 */
const notes = {
  roomIds: [] as RoomId[],
  survey: [] as TickNote[],
  profile: undefined as ThreadProfile | undefined,
}

interface CreateArguments {
  readonly module: string
  readonly count: number
  readonly hz: number
}

export default defineScripts({
  rpcs: {
    /** The kernel's number of this thread. */
    thread: () => Number(readlinkSync('/proc/thread-self').split('/').at(-1)),

    /** Creates rooms and returns their ids. */
    create: rpc(
      (payload) => payload as CreateArguments,
      (ctx, { module, count, hz }) => {
        const first = notes.roomIds.length
        const ids = Array.from({ length: count }, (_, index) =>
          ctx.rooms.create(module, { hz, index: first + index }),
        )
        notes.roomIds.push(...ids)
        return ids
      },
    ),

    /** Bytes that live in this thread's JavaScript heap. */
    heap: () => {
      collectGarbage()
      return process.memoryUsage().heapUsed
    },

    /** Notes where every room is. */
    survey: (ctx) => {
      notes.survey = surveyRooms(ctx)
    },

    /** How far the rooms have moved since then. */
    drift: (ctx, hz): Drift => driftBetween(notes.survey, surveyRooms(ctx), 1000 / Number(hz)),

    startProfile: () => {
      notes.profile = new ThreadProfile()
    },

    stopProfile: (_ctx, file) => {
      notes.profile?.stop(String(file))
      notes.profile = undefined
    },
  },
})

function surveyRooms(ctx: CallContext): TickNote[] {
  return notes.roomIds.map((id) => ctx.rooms.signal(id, null) as TickNote)
}

/** Twice: what the first one finalises is freed by the second. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
}
