import { defineRoom, messageTypes } from '@kaosnet/server'
import { parseParams } from './_params.ts'

/** The light handler: what light-lua.lua does, line by line. */

const Op = { input: 1, snapshot: 2 } as const
const BROADCAST_HZ = 5
const SNAPSHOT_BYTES = 64

export default defineRoom({
  receives: { [Op.input]: (data) => data as Uint8Array },
  sends: messageTypes<{ [Op.snapshot]: Uint8Array }>(),
  params: parseParams,

  init: (_room, { hz, index }) => ({
    state: {
      x: 0,
      speed: 1,
      inputs: 0,
      sum: 0,
      every: Math.floor(hz / BROADCAST_HZ),
      index,
      tick: 0,
      timeMs: 0,
    },
    tickHz: hz,
    maxPlayers: 2,
    emptyTimeoutMs: 0,
  }),

  loop(room, state, messages) {
    for (const { data } of messages) {
      state.inputs += 1
      state.sum = (state.sum + (data[0] ?? 0)) % 65_536
    }
    state.x += state.speed * room.dtSeconds
    if (state.x > 100 || state.x < 0) state.speed = -state.speed
    if ((room.tick + state.index) % state.every === 0) {
      const snapshot = new Uint8Array(SNAPSHOT_BYTES)
      const view = new DataView(snapshot.buffer)
      view.setFloat64(0, state.x, true)
      view.setFloat64(8, state.speed, true)
      view.setUint32(16, state.inputs, true)
      view.setUint32(20, state.sum, true)
      room.send(Op.snapshot, snapshot, { isReliable: false })
    }
    state.tick = room.tick
    state.timeMs = room.timeMs
  },

  /** The newest tick, and when it ran. */
  signal: (_room, { tick, timeMs }) => ({ tick, timeMs }),
})
