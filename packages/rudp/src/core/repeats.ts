import type { PacketWriter } from './packet-writer.ts'
import type { Recovery } from './recovery.ts'
import type { SendChannels } from './send-channels.ts'

/** Data of an eager channel is sent again with any packet that goes out, once it is this old in RTTs … */
const EAGER_AGE = 0.5
/** … as long as this share of the window is not used up, so that new data always finds room. */
const EAGER_WINDOW_SHARE = 0.75

/** Data of a thin stream is sent again with packets that carry data, once it is this old in RTTs … */
const THIN_AGE = 0.75
/** … up to this many bytes per packet … */
const THIN_BYTES = 600
/** … until the path has lost nothing for this long. A new path is presumed lossy. */
const THIN_AFTER_LOSS_MS = 30_000
/** In an outage it is less, but the oldest in every packet: it is what the peer waits for when the outage ends. */
const OUTAGE_BYTES = 300

/**
 * Sends data again before it is known to be lost. For a game that sends a packet each tick, the next tick's packet
 * has room to spare and goes anyway, so a copy costs a few bytes and spares the round trip in which a loss would
 * be found out. Copies count against the window and are sent at most once per their age.
 */
export class Repeats {
  readonly #send: SendChannels
  readonly #recovery: Recovery

  constructor(send: SendChannels, recovery: Recovery) {
    this.#send = send
    this.#recovery = recovery
  }

  /** Fills a packet that goes out anyway with copies of what is due. */
  writeEarly(writer: PacketWriter): void {
    if (this.#send.account.inFlightFrames === 0) return
    if (this.#send.hasEager) this.#writeEager(writer)
    const isLossy = writer.nowMs - this.#recovery.lastLossMs < THIN_AFTER_LOSS_MS
    if (writer.isEliciting && isLossy && this.#recovery.isThin) this.#writeThin(writer)
  }

  /** Fills a probe with what was lost and what has waited longest for its ACK. */
  writeInProbe(writer: PacketWriter): void {
    if (this.#recovery.isOutage) writer.limitRoom(OUTAGE_BYTES)
    this.#send.writeLost(writer)
    this.#send.writeRepeats(writer, 0)
  }

  #writeEager(writer: PacketWriter): void {
    const { windowBytes, inFlightBytes, rtt } = this.#recovery
    writer.limitPacket(EAGER_WINDOW_SHARE * windowBytes - inFlightBytes)
    this.#send.writeEagerRepeats(writer, EAGER_AGE * rtt.smoothedMs)
  }

  #writeThin(writer: PacketWriter): void {
    const { availableBytes, isOutage, rtt } = this.#recovery
    writer.limitPacket(availableBytes / 2)
    writer.limitRoom(isOutage ? OUTAGE_BYTES : THIN_BYTES)
    this.#send.writeRepeats(writer, isOutage ? 0 : THIN_AGE * rtt.smoothedMs)
  }
}
