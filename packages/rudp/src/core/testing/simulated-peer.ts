import type { ManualClock, ManualTimer, NetworkSimulator, SimulatedSocket } from '../../testing/index.ts'
import type { CloseInfo } from '../close-code.ts'
import { Connection } from '../connection.ts'
import type {
  ConnectionHandler,
  ConnectionOptions,
  ConnectionState,
  PathId,
  SendResult,
} from '../connection-options.ts'
import type { ConnectionStats } from '../connection-stats.ts'
import type { DeliveryMode } from '../delivery-mode.ts'

/** What a peer's owner may want to hear; everything else is noted by the peer. */
export interface PeerEvents extends Pick<ConnectionHandler, 'onResumeTicket' | 'onTick'> {
  onMessage?(channel: number, mode: DeliveryMode, data: Uint8Array, nowMs: number): void
  onWritable?(channel: number): void
}

/** What a peer is made of, beyond what it takes from the simulation. */
export type PeerOptions = Omit<ConnectionOptions, 'handler' | 'nowMs' | 'path' | 'isSameHost'> & PeerEvents

const DATAGRAM_ROOM = 1500
/** Several things may be due at once, and each may make another due; more than this is a loop. */
const MAX_ROUNDS = 4

/** A connection on a simulated socket, driven by the simulation's clock as an endpoint would drive it. */
export class SimulatedPeer implements ConnectionHandler {
  readonly connection: Connection
  readonly socket: SimulatedSocket
  readonly states: ConnectionState[] = []
  readonly validatedPaths: string[] = []
  closeInfo: CloseInfo | undefined
  unstableCount = 0
  datagramsSent = 0
  bytesSent = 0
  /** Sees each datagram before it is sent, with the address it goes to. */
  onDatagramSent: ((buffer: Uint8Array, length: number, to: string) => void) | undefined
  readonly #clock: ManualClock
  readonly #timer: ManualTimer
  readonly #events: PeerEvents
  readonly #paths: string[]
  readonly #out = new Uint8Array(DATAGRAM_ROOM)
  #stalledUntilMs = 0

  constructor(network: NetworkSimulator, address: string, remote: string, options: PeerOptions) {
    this.#clock = network.clock
    this.#events = options
    this.#paths = [remote]
    this.socket = network.attach(address, (buffer, length, from, nowMs) => {
      this.connection.handleDatagram(buffer, 0, length, this.#pathOf(from), nowMs)
      this.pump()
    })
    this.#timer = this.#clock.timer((nowMs) => {
      this.connection.handleTimeout(nowMs)
      this.pump()
    })
    this.connection = new Connection({
      ...options,
      handler: this,
      nowMs: this.#clock.now(),
      path: 0,
      isSameHost: (a, b) => hostOf(this.#paths[a]) === hostOf(this.#paths[b]),
    })
    this.#timer.set(this.#clock.now())
  }

  send(channel: number, mode: DeliveryMode, data: Uint8Array): SendResult {
    return this.connection.send(channel, mode, data)
  }

  /** Ends a tick: what was sent goes out. */
  flush(): void {
    this.connection.flush(this.#clock.now())
    this.pump()
  }

  close(code: number, reason: string): void {
    this.connection.close(code, reason, this.#clock.now())
    this.pump()
  }

  stats(): ConnectionStats {
    return this.connection.stats()
  }

  /** Stops the event loop until then: neither datagrams nor timers are handled, and then datagrams first. */
  stallUntil(timeMs: number): void {
    this.#stalledUntilMs = timeMs
    this.socket.pauseUntil(timeMs)
  }

  /** Sends what the connection has to send now, does what is due, and sets the timer. */
  pump(): void {
    const nowMs = this.#clock.now()
    this.#sendAll(nowMs)
    for (let round = 0; round < MAX_ROUNDS && this.connection.nextDeadlineMs() <= nowMs; round++) {
      this.connection.handleTimeout(nowMs)
      this.#sendAll(nowMs)
    }
    const deadlineMs = this.connection.nextDeadlineMs()
    if (deadlineMs <= nowMs) throw new Error(`the deadline ${deadlineMs} is not after ${nowMs}`)
    // Behind the datagrams of the same instant.
    this.#timer.set(Math.max(deadlineMs, this.#stalledUntilMs + 0.001))
  }

  onMessage(channel: number, mode: DeliveryMode, data: Uint8Array): void {
    this.#events.onMessage?.(channel, mode, data, this.#clock.now())
  }

  onWritable(channel: number): void {
    this.#events.onWritable?.(channel)
  }

  onPathValidated(path: PathId): void {
    this.validatedPaths.push(this.#paths[path] ?? '')
  }

  onUnstable(): void {
    this.unstableCount++
  }

  onResumeTicket(ticket: Uint8Array): void {
    this.#events.onResumeTicket?.(ticket)
  }

  onTick(tick: number, microsInTick: number): void {
    this.#events.onTick?.(tick, microsInTick)
  }

  onStateChanged(state: ConnectionState, close?: CloseInfo): void {
    this.states.push(state)
    if (close !== undefined) this.closeInfo ??= close
  }

  #sendAll(nowMs: number): void {
    for (;;) {
      const length = this.connection.pollDatagram(this.#out, 0, nowMs)
      if (length === 0) return
      const to = this.#paths[this.connection.lastPath] ?? ''
      this.datagramsSent++
      this.bytesSent += length
      this.onDatagramSent?.(this.#out, length, to)
      this.socket.send(to, this.#out, 0, length)
    }
  }

  #pathOf(address: string): PathId {
    const known = this.#paths.indexOf(address)
    if (known >= 0) return known
    this.#paths.push(address)
    return this.#paths.length - 1
  }
}

function hostOf(address: string | undefined): string | undefined {
  return address?.split(':')[0]
}
