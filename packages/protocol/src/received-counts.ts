import { encodeSessionAck, type LaneCounts } from './lane-counts.ts'

interface LaneTally {
  received: number
  acked: number
  isClosed: boolean
}

/** So much may stay unacknowledged before an acknowledgement is due by itself (`docs/protocol.md#sessionack`). */
const ACK_FRAMES = 64
const ACK_BYTES = 32_768

/** Counts the reliable frames that were received, lane by lane, and says when the other side should hear of it. */
export class ReceivedCounts {
  readonly #lanes = new Map<number, LaneTally>()
  #dueFrames = 0
  #dueBytes = 0

  constructor() {
    this.open(0)
  }

  /** A lane begins, with no frame received. */
  open(lane: number): void {
    this.#lanes.set(lane, { received: 0, acked: 0, isClosed: false })
  }

  /** Counts a frame; those of lanes that are not open do not count. @returns whether an acknowledgement is due */
  add(lane: number, sizeBytes: number): boolean {
    const tally = this.#lanes.get(lane)
    if (tally === undefined || tally.isClosed) return false
    tally.received = (tally.received + 1) >>> 0
    this.#dueFrames++
    this.#dueBytes += sizeBytes
    return this.#dueFrames >= ACK_FRAMES || this.#dueBytes >= ACK_BYTES
  }

  /** The last frame of a lane has come; its count is kept until the sender has confirmed that it knows. */
  close(lane: number): void {
    const tally = this.#lanes.get(lane)
    if (tally !== undefined) tally.isClosed = true
  }

  forget(lane: number): void {
    this.#lanes.delete(lane)
  }

  /** The other side knows these counts: those of lanes that are closed, and have not moved since, have served. */
  forgetClosed(known: LaneCounts): void {
    for (const [lane, { isClosed, received }] of this.#lanes) {
      if (isClosed && known.get(lane) === received) this.#lanes.delete(lane)
    }
  }

  /**
   * A SessionAck frame with every lane that has moved; undefined when none has.
   * @param moved What the frame says besides
   */
  takeAck(moved = new Map<number, number>()): Uint8Array | undefined {
    this.#dueFrames = 0
    this.#dueBytes = 0
    for (const [lane, tally] of this.#lanes) {
      if (tally.acked === tally.received) continue
      tally.acked = tally.received
      moved.set(lane, tally.received)
    }
    return moved.size === 0 ? undefined : encodeSessionAck(moved)
  }

  /** Every lane, for a SessionStart. */
  all(): LaneCounts {
    return new Map([...this.#lanes].map(([lane, { received }]) => [lane, received] as const))
  }
}
