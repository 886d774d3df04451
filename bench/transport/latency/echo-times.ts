/** Who sends what and how often. */
export interface LatencyPattern {
  readonly connections: number
  /** At least 8. */
  readonly messageBytes: number
  /** Messages per second of each connection. */
  readonly hz: number
  /** Sent before, at the same rate, and not counted. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

/**
 * The timetable of a latency measurement. Every message has a time at which it is due, fixed in advance: a round
 * trip counts from there, so that a sender which was held up cannot hide the delay (coordinated omission).
 * The connections' phases are spread evenly over one period.
 */
export class EchoTimes {
  readonly #pattern: LatencyPattern
  readonly #periodMs: number
  readonly #warmUpCount: number
  readonly #count: number
  readonly #message: Uint8Array
  readonly #view: DataView
  readonly #sendLateMs: Float64Array
  readonly #roundTripsMs: Float64Array
  #startMs = 0
  #next = 0
  #received = 0

  constructor(pattern: LatencyPattern) {
    const { connections, hz, warmUpSeconds, seconds } = pattern
    this.#pattern = pattern
    this.#periodMs = 1000 / hz
    this.#warmUpCount = connections * Math.round(hz * warmUpSeconds)
    this.#count = this.#warmUpCount + connections * Math.round(hz * seconds)
    this.#message = new Uint8Array(pattern.messageBytes)
    this.#view = new DataView(this.#message.buffer)
    this.#sendLateMs = new Float64Array(this.#count)
    this.#roundTripsMs = new Float64Array(this.#count).fill(-1)
  }

  /** Counted messages that have not come back. */
  get missing(): number {
    return this.#count - this.#warmUpCount - this.#received
  }

  start(nowMs: number): void {
    this.#startMs = nowMs
  }

  /** When the next message is due, Infinity when there is none. */
  nextDueMs(): number {
    return this.#next < this.#count ? this.#dueMs(this.#next) : Number.POSITIVE_INFINITY
  }

  /** The next message, to be sent at once; its bytes change with the next call. */
  next(nowMs: number): { readonly connection: number; readonly message: Uint8Array } {
    const index = this.#next
    this.#next += 1
    this.#sendLateMs[index] = nowMs - this.#dueMs(index)
    this.#view.setUint32(0, index)
    return { connection: index % this.#pattern.connections, message: this.#message }
  }

  onEcho(echo: Uint8Array, nowMs: number): void {
    const index = new DataView(echo.buffer, echo.byteOffset).getUint32(0)
    if (index >= this.#next || echo.length !== this.#message.length)
      throw new Error('An echo of nothing sent')
    if (this.#roundTripsMs[index] !== -1) return
    this.#roundTripsMs[index] = nowMs - this.#dueMs(index)
    if (index >= this.#warmUpCount) this.#received += 1
  }

  measurement(): { roundTripsMs: number[]; sent: number; sendLateMs: number[] } {
    return {
      roundTripsMs: Array.from(this.#roundTripsMs.subarray(this.#warmUpCount)).filter((ms) => ms !== -1),
      sent: this.#count - this.#warmUpCount,
      sendLateMs: Array.from(this.#sendLateMs.subarray(this.#warmUpCount)),
    }
  }

  #dueMs(index: number): number {
    return this.#startMs + (index * this.#periodMs) / this.#pattern.connections
  }
}
