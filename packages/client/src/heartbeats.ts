import type { Heartbeat } from '@kaosnet/protocol'
import type { ClientClock, ClientTimer } from './clock.ts'
import type { ClockSync } from './clock-sync.ts'

export interface HeartbeatOptions {
  readonly clock: ClientClock
  readonly clockSync: ClockSync
  /** How often we ask the server; 0 = never. */
  readonly intervalMs: number
  /** Silence after which the server counts as gone; 0 = any silence is fine. */
  readonly timeoutMs: number
  readonly send: (heartbeat: Heartbeat) => void
  /** A round trip was measured. */
  readonly onMeasured: () => void
  readonly onSilent: (silentMs: number) => void
}

/**
 * A timer that fires this much too late says that we slept (suspended laptop, loading screen), not that the server was
 * silent: what it sent meanwhile may still wait to be read.
 */
const OVERSLEPT_MS = 1_000
/** How long a server gets to be heard after we slept. */
const GRACE_MS = 2_000

/** Sends heartbeats, answers the server's, and notices when nothing is heard any more. Starts at once. */
export class Heartbeats {
  readonly #options: HeartbeatOptions
  #nextSendMs = 0
  #silentAtMs = 0
  #timer: ClientTimer | undefined
  #dueMs = 0
  #newest: { readonly sentUs: number; readonly receivedMs: number } | undefined
  #isStopped = false

  constructor(options: HeartbeatOptions) {
    this.#options = options
    const nowMs = options.clock.nowMs()
    this.#nextSendMs = options.intervalMs > 0 ? nowMs : Number.POSITIVE_INFINITY
    this.#silentAtMs = this.#silenceFrom(nowMs)
    this.#sendIfDue(nowMs)
    this.#arm(nowMs)
  }

  /** The server sent something, whatever it was. */
  heard(): void {
    const nowMs = this.#options.clock.nowMs()
    this.#silentAtMs = this.#silenceFrom(nowMs)
    // Browsers slow the timers of hidden pages down to one a minute, but not their messages.
    this.#sendIfDue(nowMs)
  }

  receive(heartbeat: Heartbeat): void {
    const receivedMs = this.#options.clock.nowMs()
    this.#newest = { sentUs: heartbeat.sentUs, receivedMs }
    if (heartbeat.isReplyWanted) this.#send(false, receivedMs)
    if (this.#options.clockSync.addHeartbeat(heartbeat, receivedMs)) this.#options.onMeasured()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #silenceFrom(heardMs: number): number {
    return this.#options.timeoutMs > 0 ? heardMs + this.#options.timeoutMs : Number.POSITIVE_INFINITY
  }

  #sendIfDue(nowMs: number): void {
    if (nowMs < this.#nextSendMs || this.#isStopped) return
    this.#nextSendMs = nowMs + this.#options.intervalMs
    this.#send(true, nowMs)
  }

  #send(isReplyWanted: boolean, nowMs: number): void {
    const newest = this.#newest
    this.#options.send({
      isReplyWanted,
      sentUs: nowMs * 1000,
      echoUs: newest?.sentUs ?? 0,
      holdUs: newest === undefined ? 0 : (nowMs - newest.receivedMs) * 1000,
    })
  }

  #arm(nowMs: number): void {
    if (this.#isStopped) return
    this.#dueMs = Math.min(this.#nextSendMs, this.#silentAtMs)
    if (this.#dueMs === Number.POSITIVE_INFINITY) return
    this.#timer = this.#options.clock.setTimer(() => this.#wake(), Math.max(0, this.#dueMs - nowMs))
  }

  #wake(): void {
    const nowMs = this.#options.clock.nowMs()
    this.#sendIfDue(nowMs)
    if (nowMs >= this.#silentAtMs) {
      if (nowMs - this.#dueMs < OVERSLEPT_MS) {
        this.stop()
        this.#options.onSilent(nowMs - this.#silentAtMs + this.#options.timeoutMs)
        return
      }
      this.#silentAtMs = nowMs + GRACE_MS
    }
    this.#arm(nowMs)
  }
}
