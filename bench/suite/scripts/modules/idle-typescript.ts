import { defineRoom } from '@kaosnet/server'

/** What idle-lua.lua does. */

interface Params {
  readonly hz: number
  /** Seconds, as in Lua. */
  readonly empty_timeout: number
}

export default defineRoom({
  params: (params) => params as Params,

  init: (_room, { hz, empty_timeout }) => ({
    state: { ticks: 0 },
    tickHz: hz,
    maxPlayers: 2,
    emptyTimeoutMs: empty_timeout * 1000,
  }),

  loop(_room, state) {
    state.ticks += 1
  },
})
