import { defineRoom, messageTypes } from '@kaosnet/server'

/** What ccu-lua.lua does. */

const Op = { echo: 1, broadcast: 2 } as const
const PLAYERS = 10

export default defineRoom({
  receives: {
    [Op.echo]: (data) => data as Uint8Array,
    [Op.broadcast]: (data) => data as Uint8Array,
  },
  sends: messageTypes<{ [Op.echo]: Uint8Array; [Op.broadcast]: Uint8Array }>(),

  init: () => ({ state: {}, tickHz: 10, maxPlayers: PLAYERS }),

  loop(room, _state, messages) {
    for (const { op, data, sender, isReliable } of messages) {
      room.send(op, data, { to: op === Op.echo ? sender : undefined, sender, isReliable })
    }
  },
})
