import { defineRoom, messageTypes } from '@kaosnet/server'

/** The light handler of `targets`: what targets-lua.lua does, line by line. */

const Op = { input: 1, snapshot: 2 } as const
const PLAYERS = 10
const TICK_HZ = 60
const TICKS_PER_SNAPSHOT = 12
const HEADER_BYTES = 16
const SNAPSHOT_BYTES = 64

export default defineRoom({
  receives: { [Op.input]: (data) => data as Uint8Array },
  sends: messageTypes<{ [Op.snapshot]: Uint8Array }>(),

  init: (room) => ({
    state: {
      snapshots: 0,
      members: 0,
      newest: new Uint32Array(PLAYERS),
      x: 0,
      speed: 1,
      phase: Math.floor(room.random() * TICKS_PER_SNAPSHOT),
    },
    tickHz: TICK_HZ,
    maxPlayers: PLAYERS,
  }),

  join(_room, state) {
    state.members += 1
  },

  leave(_room, state) {
    state.members -= 1
  },

  loop(room, state, messages) {
    for (const { data, sender } of messages) {
      const sequence = new DataView(data.buffer, data.byteOffset, data.length).getUint32(0, true)
      const place = sender.member - 1
      if (sequence > (state.newest[place] ?? Number.POSITIVE_INFINITY)) state.newest[place] = sequence
    }
    state.x += state.speed * room.dtSeconds
    if (state.x > 100 || state.x < 0) state.speed = -state.speed
    if (room.tick % TICKS_PER_SNAPSHOT !== state.phase) return
    state.snapshots += 1
    const snapshot = new Uint8Array(SNAPSHOT_BYTES)
    const view = new DataView(snapshot.buffer)
    view.setUint32(0, state.snapshots, true)
    view.setUint32(4, state.members, true)
    view.setUint32(8, room.tick, true)
    for (let place = 0; place < PLAYERS; place += 1) {
      view.setUint32(HEADER_BYTES + place * 4, state.newest[place] ?? 0, true)
    }
    view.setFloat64(56, state.x, true)
    room.send(Op.snapshot, snapshot, { isReliable: false })
  },
})
