import { defineScripts, rpc } from '@kaosnet/server'
import { ThreadProfile } from '../../../rooms/processes/thread-profile.ts'
import { collectGarbage, threadMemory } from '../../heap.ts'

/** What the benchmark asks of a thread of rooms, from inside of it. A note of its one operator, where modules keep none. */
const notes = { profile: undefined as ThreadProfile | undefined }

interface CreateArguments {
  readonly module: string
  readonly count: number
  readonly params: Readonly<Record<string, number>>
}

export default defineScripts({
  rpcs: {
    startProfile: () => {
      notes.profile = new ThreadProfile()
    },

    stopProfile: (_ctx, file) => {
      notes.profile?.stop(String(file))
      notes.profile = undefined
    },

    /** Creates rooms that nobody is in. */
    createRooms: rpc(
      (payload) => payload as CreateArguments,
      (ctx, { module, count, params }) => {
        for (let room = 0; room < count; room += 1) ctx.rooms.create(module, params)
      },
    ),

    /** Collects this thread's garbage, and says what is left. */
    collectGarbage: () => {
      collectGarbage()
      return threadMemory()
    },

    memory: () => threadMemory(),
  },
})
