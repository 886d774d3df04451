import { defineRoom, messageTypes } from '@kaosnet/server'

/** The arena of the benchmark: what arena-lua.lua does, line by line. */

const Op = { input: 1, snapshot: 2 } as const
const PLAYERS = 8
const SIZE = 1000
const SPEED = 5
const HEADER_BYTES = 16
const PLAYER_BYTES = 32

interface Player {
  readonly member: number
  newest: number
  x: number
  y: number
  moveX: number
  moveY: number
}

export default defineRoom({
  receives: { [Op.input]: (data) => data as Uint8Array },
  sends: messageTypes<{ [Op.snapshot]: Uint8Array }>(),

  init: () => ({
    state: { snapshots: 0, members: 0, positions: new Map<number, Player>() },
    tickHz: 20,
    maxPlayers: PLAYERS,
  }),

  join(_room, state, { member }) {
    state.members += 1
    state.positions.set(member, {
      member,
      newest: 0,
      x: 100 * member,
      y: 100 * member,
      moveX: 0,
      moveY: 0,
    })
  },

  leave(_room, state, { member }) {
    if (state.positions.delete(member)) state.members -= 1
  },

  loop(room, state, messages) {
    for (const { data, sender } of messages) {
      const player = state.positions.get(sender.member)
      const view = new DataView(data.buffer, data.byteOffset, data.length)
      const sequence = view.getUint32(0, true)
      if (player === undefined || sequence <= player.newest) continue
      player.newest = sequence
      player.moveX = view.getFloat32(4, true)
      player.moveY = view.getFloat32(8, true)
    }
    state.snapshots += 1
    const snapshot = new Uint8Array(HEADER_BYTES + PLAYERS * PLAYER_BYTES)
    const view = new DataView(snapshot.buffer)
    view.setUint32(0, state.snapshots, true)
    view.setUint32(4, state.members, true)
    view.setUint32(8, room.tick, true)
    for (const player of state.positions.values()) {
      player.x = wrap(player.x + player.moveX * SPEED)
      player.y = wrap(player.y + player.moveY * SPEED)
      const at = HEADER_BYTES + (player.member - 1) * PLAYER_BYTES
      view.setUint32(at, player.member, true)
      view.setUint32(at + 4, player.newest, true)
      view.setFloat32(at + 8, player.x, true)
      view.setFloat32(at + 12, player.y, true)
      view.setFloat32(at + 16, player.moveX, true)
      view.setFloat32(at + 20, player.moveY, true)
    }
    room.send(Op.snapshot, snapshot, { isReliable: false })
  },
})

function wrap(value: number): number {
  return ((value % SIZE) + SIZE) % SIZE
}
