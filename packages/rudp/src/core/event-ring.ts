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

/** An event's record of 32-bit numbers: the time in units of 2^-10 ms, its low 32 bits … */
const TIME_LOW = 0
/** … and the rest of it below the type … */
const TIME_HIGH_AND_TYPE = 1
/** … and what the event says. */
const A = 2
const B = 3
const EVENT_FIELDS = 4

const TIME_UNITS_PER_MS = 1024
const TYPE_SHIFT = 24

const NO_EVENTS = new Uint32Array(0)

/** The newest events of a connection in the manner of qlog, cheap enough to be always on. */
export class EventRing {
  readonly #maxCapacity: number
  #capacity = 0
  #count = 0
  #events = NO_EVENTS

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
    if (this.#count >= this.#capacity && this.#capacity < this.#maxCapacity) this.#grow()
    const at = (this.#count & (this.#capacity - 1)) * EVENT_FIELDS
    const time = timeMs * TIME_UNITS_PER_MS
    this.#events[at + TIME_LOW] = time
    this.#events[at + TIME_HIGH_AND_TYPE] = (type << TYPE_SHIFT) | (time / 2 ** 32)
    this.#events[at + A] = a
    this.#events[at + B] = b
    this.#count++
  }

  /** The kept events, oldest first. */
  dump(): ConnectionEventRecord[] {
    const records: ConnectionEventRecord[] = []
    const events = this.#events
    for (let index = Math.max(0, this.#count - this.#capacity); index < this.#count; index++) {
      const at = (index & (this.#capacity - 1)) * EVENT_FIELDS
      const high = events[at + TIME_HIGH_AND_TYPE]!
      const time = (high & (2 ** TYPE_SHIFT - 1)) * 2 ** 32 + events[at + TIME_LOW]!
      records.push({
        timeMs: time / TIME_UNITS_PER_MS,
        name: EVENT_NAMES.get(high >>> TYPE_SHIFT) ?? 'Unknown',
        a: events[at + A]!,
        b: events[at + B]!,
      })
    }
    return records
  }

  /** Until the ring is at its full size nothing has wrapped, so growing is a plain copy. */
  #grow(): void {
    this.#capacity = Math.max(FIRST_CAPACITY, 2 * this.#capacity)
    const grown = new Uint32Array(this.#capacity * EVENT_FIELDS)
    grown.set(this.#events)
    this.#events = grown
  }
}
