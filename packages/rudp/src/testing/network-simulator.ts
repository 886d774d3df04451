import { TimedEvent } from './event-queue.ts'
import { createLinkCounters, Link, type LinkCounters } from './link.ts'
import type { LinkConditions } from './link-conditions.ts'
import { ManualClock } from './manual-clock.ts'
import { SeededRandom } from './random.ts'
import { type DatagramHandler, SimulatedSocket } from './simulated-socket.ts'

/** Buffers of this size are reused; a larger datagram gets one of its own. */
const POOLED_BUFFER_BYTES = 2048

export interface NetworkSimulatorOptions {
  /** Same seed, same calls: same run. */
  readonly seed: number
  /** Default: a new clock at 0. */
  readonly clock?: ManualClock
  /** What happens on every way that has no link of its own. Default: a perfect network. */
  readonly conditions?: Partial<LinkConditions>
  /** More datagrams under way than this is taken for a loop that feeds itself. Default 1,000,000. */
  readonly maxDatagramsInFlight?: number
}

/** The two directions of a path. */
export interface LinkPair {
  readonly forward: Link
  readonly backward: Link
}

/**
 * Moves raw datagrams between named addresses on virtual time, and loses, delays, reorders, doubles and damages
 * them as told. It knows nothing of what they contain. An address is any string ('10.0.0.1:7350', 'alice').
 *
 * @example
 * const network = new NetworkSimulator({ seed: 1 })
 * network.connect('alice', 'bob', { delayMs: 25, loss: uniformLoss(0.1) })
 * network.attach('bob', (buffer, length, from) => network.send('bob', from, buffer, 0, length))
 * network.attach('alice', (buffer, length, from, nowMs) => console.log(`${length} bytes at ${nowMs} ms`))
 * network.send('alice', 'bob', new Uint8Array([1, 2, 3]))
 * network.clock.advance(1000)
 */
export class NetworkSimulator {
  readonly clock: ManualClock
  /** Carries every datagram whose way has no link of its own. */
  readonly defaultLink: Link
  readonly #seed: number
  readonly #maxDatagramsInFlight: number
  readonly #links: Link[] = []
  readonly #sockets = new Map<string, SimulatedSocket>()
  /** Public address → socket. An address that a socket has left stays, so that its way is still known. */
  readonly #publicAddresses = new Map<string, SimulatedSocket>()
  readonly #routes = new Map<string, Map<string, Link>>()
  readonly #spare: Flight[] = []
  #datagramsInFlight = 0

  constructor(options: NetworkSimulatorOptions) {
    this.clock = options.clock ?? new ManualClock()
    this.#seed = options.seed
    this.#maxDatagramsInFlight = options.maxDatagramsInFlight ?? 1_000_000
    this.defaultLink = this.createLink(options.conditions)
  }

  /** Datagrams under way, extra copies included. */
  get datagramsInFlight(): number {
    return this.#datagramsInFlight
  }

  /**
   * Listens at an address.
   * @throws Error when somebody listens there already
   */
  attach(address: string, onDatagram: DatagramHandler): SimulatedSocket {
    if (this.#sockets.has(address)) throw new Error(`Address ${address} is taken`)
    this.#checkFree(address, undefined)
    const socket = new SimulatedSocket(address, onDatagram, {
      send: (to, buffer, offset, length) => this.send(address, to, buffer, offset, length),
      rebind: (publicAddress) => {
        this.#checkFree(publicAddress, socket)
        this.#publicAddresses.set(publicAddress, socket)
      },
      detach: () => {
        if (this.#sockets.get(address) === socket) this.#sockets.delete(address)
      },
    })
    this.#sockets.set(address, socket)
    this.#publicAddresses.set(address, socket)
    return socket
  }

  /** A link for {@link NetworkSimulator.route}; its luck depends on the seed and on how many were made before. */
  createLink(conditions: Partial<LinkConditions> = {}): Link {
    const link = new Link(this.clock, new SeededRandom(this.#seed, this.#links.length), conditions)
    this.#links.push(link)
    return link
  }

  /**
   * Sends what goes from one address to another over a link. `'*'` stands for any address; exact addresses win
   * over it, and an exact `from` over an exact `to`. Flows that share a link share its bottleneck. Addresses are
   * those that sockets were attached with, whatever they were rebound to.
   */
  route(from: string, to: string, link: Link): void {
    const routesFrom = this.#routes.get(from) ?? new Map<string, Link>()
    routesFrom.set(to, link)
    this.#routes.set(from, routesFrom)
  }

  /** Joins two addresses by a link of their own in each direction, with the same conditions unless told apart. */
  connect(
    a: string,
    b: string,
    conditions: Partial<LinkConditions>,
    backwardConditions: Partial<LinkConditions> = conditions,
  ): LinkPair {
    const pair = { forward: this.createLink(conditions), backward: this.createLink(backwardConditions) }
    this.route(a, b, pair.forward)
    this.route(b, a, pair.backward)
    return pair
  }

  /**
   * Sends a copy of `buffer[offset … offset + length)`. The sender need not be attached, so a test can forge any
   * source address; datagrams of an attached sender carry the public address that it was last rebound to.
   */
  send(from: string, to: string, buffer: Uint8Array, offset = 0, length = buffer.length - offset): void {
    if (offset < 0 || length < 0 || offset + length > buffer.length) {
      throw new RangeError(`${offset} + ${length} bytes are not within a buffer of ${buffer.length}`)
    }
    const nowMs = this.clock.now()
    const source = this.#sockets.get(from)?.publicAddress ?? from
    const link = this.#linkBetween(from, this.#publicAddresses.get(to)?.address ?? to)
    const departureMs = link.enter(buffer, offset, length, nowMs, source, to)
    if (departureMs < 0) return
    this.#launch(link, source, to, buffer, offset, length, departureMs)
    if (link.isDuplicated()) this.#launch(link, source, to, buffer, offset, length, departureMs)
  }

  /**
   * The sum over all links. Nothing is unaccounted for: sent + duplicated = delivered + unroutable + all kinds of
   * dropped + {@link NetworkSimulator.datagramsInFlight}.
   */
  counters(): LinkCounters {
    const total = createLinkCounters()
    for (const link of this.#links) {
      for (const name of Object.keys(total) as (keyof LinkCounters)[]) total[name] += link.counters[name]
    }
    return total
  }

  #linkBetween(from: string, to: string): Link {
    if (this.#routes.size === 0) return this.defaultLink
    const routesFrom = this.#routes.get(from)
    const routesFromAny = this.#routes.get('*')
    return (
      routesFrom?.get(to) ??
      routesFrom?.get('*') ??
      routesFromAny?.get(to) ??
      routesFromAny?.get('*') ??
      this.defaultLink
    )
  }

  #listenerAt(publicAddress: string): SimulatedSocket | undefined {
    const socket = this.#publicAddresses.get(publicAddress)
    if (socket?.publicAddress !== publicAddress || this.#sockets.get(socket.address) !== socket)
      return undefined
    return socket
  }

  #checkFree(publicAddress: string, forSocket: SimulatedSocket | undefined): void {
    const listener = this.#listenerAt(publicAddress)
    if (listener !== undefined && listener !== forSocket) throw new Error(`Address ${publicAddress} is taken`)
  }

  #launch(
    link: Link,
    from: string,
    to: string,
    buffer: Uint8Array,
    offset: number,
    length: number,
    departureMs: number,
  ): void {
    if (this.#datagramsInFlight >= this.#maxDatagramsInFlight) {
      throw new Error(`More than ${this.#maxDatagramsInFlight} datagrams in flight at ${this.clock.now()} ms`)
    }
    const flight = length > POOLED_BUFFER_BYTES ? new Flight(this.#onArrival, length) : this.#takeFlight()
    flight.buffer.set(buffer.subarray(offset, offset + length))
    flight.length = link.damage(flight.buffer, length)
    flight.link = link
    flight.from = from
    flight.to = to
    this.#datagramsInFlight += 1
    this.clock.schedule(flight, link.drawArrivalMs(departureMs))
  }

  #takeFlight(): Flight {
    return this.#spare.pop() ?? new Flight(this.#onArrival, POOLED_BUFFER_BYTES)
  }

  readonly #onArrival = (flight: Flight, nowMs: number): void => {
    const socket = this.#listenerAt(flight.to)
    if (socket !== undefined && nowMs < socket.pausedUntilMs) {
      this.clock.schedule(flight, socket.pausedUntilMs)
      return
    }
    this.#datagramsInFlight -= 1
    const { counters } = flight.link
    if (socket === undefined) {
      counters.unroutable += 1
    } else {
      counters.delivered += 1
      counters.deliveredBytes += flight.length
      socket.onDatagram(flight.buffer, flight.length, flight.from, nowMs)
    }
    if (flight.buffer.length === POOLED_BUFFER_BYTES) this.#spare.push(flight)
  }
}

/** A copy of a datagram on its way. */
class Flight extends TimedEvent {
  readonly buffer: Uint8Array
  length = 0
  from = ''
  to = ''
  declare link: Link
  readonly #onArrival: (flight: Flight, nowMs: number) => void

  constructor(onArrival: (flight: Flight, nowMs: number) => void, sizeBytes: number) {
    super()
    this.#onArrival = onArrival
    this.buffer = new Uint8Array(sizeBytes)
  }

  override fire(nowMs: number): void {
    this.#onArrival(this, nowMs)
  }
}
