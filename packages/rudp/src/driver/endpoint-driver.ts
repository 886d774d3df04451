import type { DatagramBatch } from '../endpoint/datagram-batch.ts'
import type { Endpoint } from '../endpoint/endpoint.ts'
import type { DatagramSocket } from './datagram-socket.ts'

/**
 * Puts an endpoint on a socket. In one turn of the event loop everything received is handled, then deadlines that
 * have passed, then a batch is sent, so that what one turn causes shares its datagrams.
 */
export class EndpointDriver {
  readonly #endpoint: Endpoint
  readonly #socket: DatagramSocket
  readonly #clock: () => number
  /** Called after every turn. */
  readonly #onTurn: () => void
  readonly #remote = { ip: '', port: 0 }
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #immediate: NodeJS.Immediate | undefined
  #isClosed = false
  #lastReadMs = 0

  constructor(endpoint: Endpoint, socket: DatagramSocket, clock: () => number, onTurn: () => void) {
    this.#endpoint = endpoint
    this.#socket = socket
    this.#clock = clock
    this.#onTurn = onTurn
    socket.onReadable = () => this.schedule()
    socket.onReceive = (batch) => this.#receive(batch)
    endpoint.onWake = () => this.schedule()
    this.schedule()
  }

  /** When the datagrams were read that are being handled, or were last. */
  get lastReadMs(): number {
    return this.#lastReadMs
  }

  /**
   * Makes a turn happen at the end of the current one of the event loop: in its check phase, after the poll phase has
   * read what the system had.
   */
  schedule(): void {
    if (this.#isClosed || this.#immediate !== undefined) return
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined
      this.#turn()
    })
  }

  /** Stops; the socket is its owner's to close. */
  close(): void {
    this.#isClosed = true
    this.#socket.onReadable = undefined
    this.#socket.onReceive = undefined
    this.#endpoint.onWake = undefined
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
  }

  #receive(batch: DatagramBatch): void {
    const nowMs = this.#clock()
    this.#lastReadMs = nowMs
    for (let slot = 0; slot < batch.count; slot += 1) {
      const length = batch.take(slot)
      this.#remote.ip = batch.ipOf(slot)
      this.#remote.port = batch.portOf(slot)
      this.#endpoint.handleDatagram(batch.buffer, 0, length, this.#remote, nowMs)
    }
  }

  #turn(): void {
    this.#socket.drain()
    const nowMs = this.#clock()
    if (this.#endpoint.nextDeadlineMs() <= nowMs) this.#endpoint.handleTimeout(nowMs)
    this.#flush(nowMs)
    this.#onTurn()
    this.#arm(nowMs)
  }

  /**
   * Sends one batch. When there is more, the next turn follows at once, but after another look at what has arrived:
   * otherwise a tick for thousands of peers would leave the system's receive buffer to overflow meanwhile.
   */
  #flush(nowMs: number): void {
    const batch = this.#socket.acquire()
    const hasMore = this.#endpoint.pollDatagrams(batch, nowMs)
    this.#socket.send(batch)
    if (hasMore) this.schedule()
  }

  /** A timer that is armed for an earlier time is left alone: it fires, finds nothing to do, and is armed again. */
  #arm(nowMs: number): void {
    if (this.#isClosed) return
    const atMs = this.#endpoint.nextDeadlineMs()
    if (atMs >= this.#timerAtMs || atMs === Number.POSITIVE_INFINITY) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => this.#handleTimer(), Math.max(1, Math.ceil(atMs - nowMs)))
  }

  /** Timers come before the poll phase: what has arrived meanwhile must be handled before a deadline is. */
  #handleTimer(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY
    this.schedule()
  }
}
