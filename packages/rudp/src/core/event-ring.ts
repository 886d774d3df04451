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
  /** Made with the first event. */
  #rows: EventRows | undefined

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
    const rows = this.#rowsWithRoom()
    const slot = this.#count & (this.#capacity - 1)
    rows.times[slot] = timeMs
    rows.types[slot] = type
    rows.values[2 * slot] = a
    rows.values[2 * slot + 1] = b
    this.#count++
  }

  /** The kept events, oldest first. */
  dump(): ConnectionEventRecord[] {
    const records: ConnectionEventRecord[] = []
    const rows = this.#rows
    if (rows === undefined) return records
    for (let index = Math.max(0, this.#count - this.#capacity); index < this.#count; index++) {
      const slot = index & (this.#capacity - 1)
      records.push({
        timeMs: rows.times[slot]!,
        name: EVENT_NAMES.get(rows.types[slot]!) ?? 'Unknown',
        a: rows.values[2 * slot]!,
        b: rows.values[2 * slot + 1]!,
      })
    }
    return records
  }

  #rowsWithRoom(): EventRows {
    if (this.#rows !== undefined && (this.#count < this.#capacity || this.#capacity === this.#maxCapacity)) {
      return this.#rows
    }
    // Until the ring is at its full size nothing has wrapped, so growing is a plain copy.
    this.#capacity = Math.max(FIRST_CAPACITY, 2 * this.#capacity)
    const rows = new EventRows(this.#capacity)
    if (this.#rows !== undefined) rows.copyFrom(this.#rows)
    this.#rows = rows
    return rows
  }
}

/** Events by column. */
class EventRows {
  readonly times: Float64Array
  readonly types: Uint8Array
  /** a and b of each. */
  readonly values: Uint32Array

  constructor(capacity: number) {
    this.times = new Float64Array(capacity)
    this.types = new Uint8Array(capacity)
    this.values = new Uint32Array(2 * capacity)
  }

  copyFrom(smaller: EventRows): void {
    this.times.set(smaller.times)
    this.types.set(smaller.types)
    this.values.set(smaller.values)
  }
}
