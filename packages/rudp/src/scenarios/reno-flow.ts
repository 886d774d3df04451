import type { ManualTimer, NetworkSimulator, SimulatedSocket } from '../testing/index.ts'

const SEGMENT_BYTES = 1200
const DUPLICATE_THRESHOLD = 3
const RETRANSMISSION_TIMEOUT_MS = 1000

/**
 * A bulk TCP flow reduced to what fairness depends on: Reno's window (RFC 5681) over a sender that never runs
 * out of data. The receiver acknowledges every segment by number, so the sender knows what arrived as with SACK;
 * it takes a segment for lost when three later ones were acknowledged.
 */
export class RenoFlow {
  deliveredBytes = 0
  readonly #network: NetworkSimulator
  readonly #sender: SimulatedSocket
  readonly #to: string
  readonly #timer: ManualTimer
  readonly #segment = new Uint8Array(SEGMENT_BYTES)
  readonly #outstanding = new Set<number>()
  #next = 0
  #windowSegments = 10
  #thresholdSegments = Number.POSITIVE_INFINITY
  /** Losses of segments below this belong to a reaction already made. */
  #recoverBelow = 0

  constructor(network: NetworkSimulator, from: string, to: string) {
    this.#network = network
    this.#to = to
    this.#sender = network.attach(from, (buffer) => this.#onAck(readNumber(buffer)))
    const receiver = network.attach(to, (buffer, length) => {
      this.deliveredBytes += length
      receiver.send(from, buffer, 0, 4)
    })
    this.#timer = network.clock.timer(() => this.#onTimeout())
  }

  start(): void {
    this.#fillWindow()
  }

  #fillWindow(): void {
    while (this.#outstanding.size < this.#windowSegments) {
      new DataView(this.#segment.buffer).setUint32(0, this.#next)
      this.#outstanding.add(this.#next++)
      this.#sender.send(this.#to, this.#segment)
    }
    this.#timer.set(this.#network.clock.now() + RETRANSMISSION_TIMEOUT_MS)
  }

  #onAck(acked: number): void {
    if (!this.#outstanding.delete(acked)) return
    if (this.#windowSegments < this.#thresholdSegments) this.#windowSegments++
    else this.#windowSegments += 1 / this.#windowSegments
    for (const segment of this.#outstanding) {
      // In order of sending: the first that is not overtaken ends the search.
      if (segment > acked - DUPLICATE_THRESHOLD) break
      this.#outstanding.delete(segment)
      if (segment >= this.#recoverBelow) this.#shrink(this.#windowSegments / 2)
    }
    this.#fillWindow()
  }

  #onTimeout(): void {
    this.#outstanding.clear()
    this.#shrink(this.#windowSegments / 2)
    this.#windowSegments = 1
    this.#fillWindow()
  }

  #shrink(segments: number): void {
    this.#windowSegments = Math.max(2, segments)
    this.#thresholdSegments = this.#windowSegments
    this.#recoverBelow = this.#next
  }
}

function readNumber(buffer: Uint8Array): number {
  return new DataView(buffer.buffer, buffer.byteOffset).getUint32(0)
}
