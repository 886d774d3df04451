import { InputOffset, PLAYER_BYTES, PLAYERS_PER_ROOM, PlayerOffset, SNAPSHOT_BYTES } from './wire.ts'

const SPEED = 6
const HALF_WIDTH = 50

interface PlayerBody {
  isPresent: boolean
  x: number
  y: number
  velocityX: number
  velocityY: number
  angle: number
  buttons: number
  input: number
}

/** The game of one room: players who go where their newest input says, and a snapshot of them all. */
export class ArenaWorld {
  readonly #players: readonly PlayerBody[]
  readonly #snapshot = new Uint8Array(SNAPSHOT_BYTES)
  readonly #view = new DataView(this.#snapshot.buffer)
  #tick = 0

  constructor() {
    this.#players = Array.from({ length: PLAYERS_PER_ROOM }, (_, place) => ({
      isPresent: false,
      x: place,
      y: 0,
      velocityX: 0,
      velocityY: 0,
      angle: 0,
      buttons: 0,
      input: 0,
    }))
  }

  /** The place that somebody new takes. @throws Error when all are taken */
  enter(): number {
    const place = this.#players.findIndex(({ isPresent }) => !isPresent)
    const player = this.#players[place]
    if (player === undefined) throw new Error('the arena is full')
    player.isPresent = true
    return place
  }

  leave(place: number): void {
    const player = this.#players[place]
    if (player !== undefined) player.isPresent = false
  }

  /** The newest input counts; an older one is forgotten. */
  onInput(place: number, bytes: Uint8Array): void {
    const player = this.#players[place]
    if (player === undefined) return
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    player.input = view.getUint32(InputOffset.number, true)
    player.buttons = view.getUint32(InputOffset.buttons, true)
    player.velocityX = view.getFloat32(InputOffset.moveX, true) * SPEED
    player.velocityY = view.getFloat32(InputOffset.moveY, true) * SPEED
    player.angle = view.getFloat32(InputOffset.aim, true)
  }

  /** Moves everybody. Returns the snapshot, whose bytes the next call overwrites. */
  step(seconds: number): Uint8Array {
    this.#tick += 1
    const view = this.#view
    for (let place = 0; place < PLAYERS_PER_ROOM; place += 1) {
      const player = this.#players[place]!
      player.x = withinWalls(player.x + player.velocityX * seconds)
      player.y = withinWalls(player.y + player.velocityY * seconds)
      const at = place * PLAYER_BYTES
      view.setUint16(at + PlayerOffset.id, place, true)
      view.setUint16(
        at + PlayerOffset.flags,
        (player.buttons & 0x7fff) | (player.isPresent ? 0x8000 : 0),
        true,
      )
      view.setFloat32(at + PlayerOffset.x, player.x, true)
      view.setFloat32(at + PlayerOffset.y, player.y, true)
      view.setFloat32(at + PlayerOffset.angle, player.angle, true)
      view.setFloat32(at + PlayerOffset.velocityX, player.velocityX, true)
      view.setFloat32(at + PlayerOffset.velocityY, player.velocityY, true)
      view.setUint32(at + PlayerOffset.tick, this.#tick, true)
      view.setUint32(at + PlayerOffset.input, player.input, true)
    }
    return this.#snapshot
  }
}

function withinWalls(position: number): number {
  return Math.min(HALF_WIDTH, Math.max(-HALF_WIDTH, position))
}
