import { defineScripts } from '@kaosnet/server'
import { cleanName, guestName } from './arena/names.ts'

/** The entry module: what players can ask for before they are in an arena. */
export default defineScripts({
  rpcs: {
    /** Finds the fullest arena that still has a seat, so that people meet; opens a new one when there is none. */
    arena_find: ({ rooms }) => {
      const open = rooms.list({ module: 'arena', hasSeat: true })
      const [fullest] = open.toSorted((a, b) => b.size - a.size)
      return { room_id: fullest?.roomId ?? rooms.create('arena') }
    },
  },

  before: {
    sessionStart: (_ctx, message) => ({
      ...message,
      username: cleanName(message.username) ?? guestName(Math.random()),
    }),
  },

  after: {
    roomJoin: ({ log, username }, { roomId }) => log.info(`${username} joined arena ${roomId}`),
  },
})
