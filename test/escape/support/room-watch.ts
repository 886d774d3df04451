import type { Room } from '@kaosnet/client'
import { FINISH_OP, REPORT_OP } from './ops.ts'
import type { Outcome } from './outcome.ts'

/** A member's view of a room that is attacked: it waits for the room's report, or for its end. */
export class RoomWatch {
  readonly #room: Room
  /** The room's report, or how it ended, whichever comes first. */
  readonly outcome: Promise<Outcome>
  readonly #closed: Promise<void>

  /** @param room just joined: what it tells from now on must not be missed */
  constructor(room: Room) {
    this.#room = room
    this.outcome = new Promise((resolve) => {
      room.on('data', ({ op, data }) => {
        if (op === REPORT_OP) resolve({ kind: 'survived', text: Buffer.from(data as Uint8Array).toString() })
      })
      room.on('closed', ({ error, message }) => {
        if (error === undefined || error.error === 'ROOM_CLOSED') resolve({ kind: 'ended' })
        else resolve({ kind: 'refused', error: error.error, text: message ?? '' })
      })
    })
    this.#closed = new Promise((resolve) => {
      room.on('closed', () => resolve())
    })
  }

  get label(): string {
    return this.#room.label
  }

  send(op: number): void {
    this.#room.send(op)
  }

  /** Has the room end, if it has not; resolves when it is over. */
  async finish(): Promise<void> {
    if (this.#room.closed === undefined) this.#room.send(FINISH_OP)
    await this.#closed
  }
}
