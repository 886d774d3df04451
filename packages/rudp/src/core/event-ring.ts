/** What an event says; `a` and `b` mean what the comment tells. */
export const ConnectionEvent = {
  /** a = packet number, b = bytes */
  PacketSent: 1,
  /** a = packet number, b = bytes */
  PacketReceived: 2,
  /** a = packet number, b = bytes */
  PacketLost: 3,
  /** a = packet number, b = bytes; it was declared lost before */
  PacketLateAcked: 4,
  /** a = number of the drop reason, b = bytes */
  PacketDropped: 5,
  /** a = probes without answer so far */
  ProbeTimeout: 6,
  /** a = window in bytes, b = bytes in flight */
  CongestionWindow: 7,
  /** a = smoothed RTT in µs, b = latest RTT in µs */
  Rtt: 8,
  /** a = path, b = 0 proposed, 1 validated, 2 abandoned */
  Path: 9,
  /** a = size in bytes, b = 0 probe lost, 1 confirmed, 2 black hole */
  Mtu: 10,
  /** a = new generation, b = 0 sending, 1 receiving */
  KeyUpdate: 11,
  /** a = number of the state */
  State: 12,
  /** a = close code, b = 1 when the peer closed */
  Close: 13,
} as const

const EVENT_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ConnectionEvent).map(([name, type]) => [type, name]),
)

/** One event, as dumped. Packet numbers are their low 32 bits. */
export interface ConnectionEventRecord {
  readonly timeMs: number
  readonly name: string
  readonly a: number
  readonly b: number
}

const FIRST_CAPACITY = 16

/** The newest events of a connection in the manner of qlog, cheap enough to be always on. */
export class EventRing {
  readonly #maxCapacity: number
  #capacity = 0
  #count = 0
  #times = new Float64Array(0)
  #types = new Uint8Array(0)
  #values = new Uint32Array(0)

  /** @param capacity events kept, a power of two; 0 = none */
  constructor(capacity: number) {
    if (capacity !== 0 && !(Number.isInteger(Math.log2(capacity)) && capacity >= FIRST_CAPACITY)) {
      throw new RangeError(`event capacity must be 0 or a power of two from ${FIRST_CAPACITY} up`)
    }
    this.#maxCapacity = capacity
  }

  /** Events recorded so far, including those no longer kept. */
  get count(): number {
    return this.#count
  }

  record(timeMs: number, type: number, a: number, b: number): void {
    if (this.#maxCapacity === 0) return
    if (this.#count === this.#capacity && this.#capacity < this.#maxCapacity) this.#grow()
    const slot = this.#count & (this.#capacity - 1)
    this.#times[slot] = timeMs
    this.#types[slot] = type
    this.#values[2 * slot] = a
    this.#values[2 * slot + 1] = b
    this.#count++
  }

  /** The kept events, oldest first. */
  dump(): ConnectionEventRecord[] {
    const records: ConnectionEventRecord[] = []
    for (let index = Math.max(0, this.#count - this.#capacity); index < this.#count; index++) {
      const slot = index & (this.#capacity - 1)
      records.push({
        timeMs: this.#times[slot] ?? 0,
        name: EVENT_NAMES.get(this.#types[slot] ?? 0) ?? 'Unknown',
        a: this.#values[2 * slot] ?? 0,
        b: this.#values[2 * slot + 1] ?? 0,
      })
    }
    return records
  }

  /** Until the ring is at its full size nothing has wrapped, so growing is a plain copy. */
  #grow(): void {
    this.#capacity = this.#capacity === 0 ? FIRST_CAPACITY : this.#capacity * 2
    const times = new Float64Array(this.#capacity)
    const types = new Uint8Array(this.#capacity)
    const values = new Uint32Array(2 * this.#capacity)
    times.set(this.#times)
    types.set(this.#types)
    values.set(this.#values)
    this.#times = times
    this.#types = types
    this.#values = values
  }
}
