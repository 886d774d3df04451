import { defineRoom } from '@kaosnet/server'
import { parseParams } from './_params.ts'

/** Ticks and does nothing. */
export default defineRoom({
  params: parseParams,
  init: (_room, { hz }) => ({ state: { tick: 0, timeMs: 0 }, tickHz: hz, maxPlayers: 2, emptyTimeoutMs: 0 }),
  loop(room, state) {
    state.tick = room.tick
    state.timeMs = room.timeMs
  },
  signal: (_room, { tick, timeMs }) => ({ tick, timeMs }),
})
