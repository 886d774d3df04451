import type { Heartbeat } from '@kaosnet/protocol'

/** One estimate of the server's clock; the truth lies within `offsetUs` ± `rttUs / 2`. */
interface Sample {
  readonly rttUs: number
  readonly offsetUs: number
}

const SAMPLES_KEPT = 8
/** Stands for any longer time, so it measures nothing. */
const HELD_TOO_LONG_US = 0xffff_ffff

/**
 * Round trip, jitter and the server's clock, from the timestamps of heartbeats (`docs/protocol.md#heartbeat`).
 * The offset is that of the sample with the shortest round trip among the last eight, as in NTP's clock filter
 * (RFC 5905 §10): the less a heartbeat waited in queues, the less its two ways can differ.
 */
export class ClockSync {
  #samples: Sample[] = []
  #smoothedRttUs: number | undefined
  #jitterUs = 0
  #lastTransitUs: number | undefined
  /** Kept over {@link reset}: the clock of the session before is a better guess than none. */
  #offsetUs = 0

  /** Round trip in milliseconds: 7/8 of the old value and 1/8 of the new (RFC 6298 §2); 0 before the first session. */
  get latencyMs(): number {
    return (this.#smoothedRttUs ?? this.#samples[0]?.rttUs ?? 0) / 1000
  }

  /** How unevenly heartbeats arrive, in milliseconds: the interarrival jitter of RFC 3550 §6.4.1. */
  get jitterMs(): number {
    return this.#jitterUs / 1000
  }

  /** The server's Unix time in milliseconds at a time of our own clock. */
  serverTimeMs(nowMs: number): number {
    return nowMs + this.#offsetUs / 1000
  }

  /** A new session may be with another machine. */
  reset(): void {
    this.#samples = []
    this.#smoothedRttUs = undefined
    this.#jitterUs = 0
    this.#lastTransitUs = undefined
  }

  /**
   * The start of the session as a first, coarse sample: how long the server took to answer is not known, so all of
   * it counts as travel. Any heartbeat is better and replaces it.
   */
  addSessionStart(sentMs: number, serverTimeUs: number, receivedMs: number): void {
    const rttUs = (receivedMs - sentMs) * 1000
    this.#addSample({ rttUs, offsetUs: serverTimeUs + rttUs / 2 - receivedMs * 1000 })
  }

  /** @returns whether it measured a round trip; a heartbeat that echoes none of ours does not. */
  addHeartbeat(heartbeat: Heartbeat, receivedMs: number): boolean {
    const receivedUs = receivedMs * 1000
    this.#addTransit(receivedUs - heartbeat.sentUs)
    const rttUs = receivedUs - heartbeat.echoUs - heartbeat.holdUs
    if (heartbeat.echoUs === 0 || heartbeat.holdUs === HELD_TOO_LONG_US || rttUs < 0) return false
    this.#smoothedRttUs =
      this.#smoothedRttUs === undefined ? rttUs : this.#smoothedRttUs + (rttUs - this.#smoothedRttUs) / 8
    this.#addSample({ rttUs, offsetUs: heartbeat.sentUs + rttUs / 2 - receivedUs })
    return true
  }

  #addTransit(transitUs: number): void {
    if (this.#lastTransitUs !== undefined) {
      this.#jitterUs += (Math.abs(transitUs - this.#lastTransitUs) - this.#jitterUs) / 16
    }
    this.#lastTransitUs = transitUs
  }

  #addSample(sample: Sample): void {
    // Two samples whose bounds do not meet cannot both be right: one of the clocks was set, or slept.
    this.#samples = this.#samples.filter(
      (older) => Math.abs(older.offsetUs - sample.offsetUs) <= (older.rttUs + sample.rttUs) / 2,
    )
    this.#samples.push(sample)
    if (this.#samples.length > SAMPLES_KEPT) this.#samples.shift()
    const best = this.#samples.reduce((a, b) => (b.rttUs <= a.rttUs ? b : a))
    this.#offsetUs = best.offsetUs
  }
}
