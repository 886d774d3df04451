import { type Client, Room } from '@colyseus/core'
import type { RoomLoop } from './room-loop.ts'
import { INPUT_BYTES, INPUT_TYPE, PLAYERS_PER_ROOM, SNAPSHOT_TYPE, TICK_HZ, TICK_MS } from './wire.ts'
import { ArenaWorld } from './world.ts'

/** Of all rooms of the process together. */
export interface ArenaCounters {
  ticks: number
  inputs: number
  snapshots: number
}

export interface ArenaRoomOptions {
  readonly counters: ArenaCounters
  readonly loop: RoomLoop
}

/** The arena as a room of Colyseus: bytes in, bytes out, no state that would be synchronised. */
export class ArenaRoom extends Room {
  readonly #world = new ArenaWorld()
  readonly #places = new Map<Client, number>()
  #counters: ArenaCounters | undefined

  onCreate({ counters, loop }: ArenaRoomOptions): void {
    this.#counters = counters
    this.maxClients = PLAYERS_PER_ROOM
    this.onMessageBytes(INPUT_TYPE, (client, message) => {
      const place = this.#places.get(client)
      if (place === undefined || message.byteLength !== INPUT_BYTES) return
      counters.inputs += 1
      this.#world.onInput(place, message)
    })
    if (loop === 'timestep') this.setTimestep((deltaMs) => this.#tick(deltaMs / 1000), TICK_MS)
    else this.setFixedTimestep(({ dt }) => this.#tick(dt), TICK_HZ)
    // Without a state there are no patches, so no timer for them either; with no loop yet, one would take its place.
    this.patchRate = null
  }

  onJoin(client: Client): void {
    this.#places.set(client, this.#world.enter())
  }

  onLeave(client: Client): void {
    const place = this.#places.get(client)
    if (place === undefined) return
    this.#places.delete(client)
    this.#world.leave(place)
  }

  #tick(seconds: number): void {
    const snapshot = this.#world.step(seconds)
    this.broadcastBytes(SNAPSHOT_TYPE, snapshot)
    const counters = this.#counters
    if (counters === undefined) return
    counters.ticks += 1
    counters.snapshots += this.clients.length
  }
}
