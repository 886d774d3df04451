import { defineScripts } from '@kaosnet/server'
import { ThreadProfile } from '../../../rooms/processes/thread-profile.ts'

/** What the benchmark asks of a thread of rooms, from inside of it. A note of its one operator, where modules keep none. */
const notes = { profile: undefined as ThreadProfile | undefined }

export default defineScripts({
  rpcs: {
    startProfile: () => {
      notes.profile = new ThreadProfile()
    },

    stopProfile: (_ctx, file) => {
      notes.profile?.stop(String(file))
      notes.profile = undefined
    },
  },
})
