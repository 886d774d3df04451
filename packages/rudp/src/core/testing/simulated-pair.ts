import { type Link, type LinkConditions, NetworkSimulator, SeededRandom } from '../../testing/index.ts'
import type { ConnectionOptions } from '../connection-options.ts'
import { FakeProtection } from './fake-protection.ts'
import { type PeerEvents, SimulatedPeer } from './simulated-peer.ts'

/** What a test may choose for both peers or each of them. */
export type PeerSettings = PeerEvents &
  Partial<
    Pick<
      ConnectionOptions,
      | 'limits'
      | 'channels'
      | 'congestion'
      | 'mtu'
      | 'liveness'
      | 'keyUpdate'
      | 'firstPacketNumbers'
      | 'initialRttMs'
      | 'eventCapacity'
    >
  >

export interface PairOptions {
  readonly seed: number
  /** A network that several pairs share, and which pair this is; links are then the test's business. */
  readonly shared?: { readonly network: NetworkSimulator; readonly index: number }
  /** Both directions; `backward` differs where given. */
  readonly conditions?: Partial<LinkConditions>
  readonly backward?: Partial<LinkConditions>
  readonly client?: PeerSettings
  readonly server?: PeerSettings
  /** Checksums over all of each packet; needed only where the network corrupts. Default false. */
  readonly checksPayload?: boolean
}

/** No bound on what a test may send. */
const UNLIMITED_RATE = { receivePacketsPerSecond: 0, receiveBytesPerSecond: 0 }

/** A client and a server on a simulated network of their own, past the handshake. */
export class SimulatedPair {
  readonly network: NetworkSimulator
  readonly client: SimulatedPeer
  readonly server: SimulatedPeer
  readonly upLink: Link
  readonly downLink: Link
  readonly clientAddress: string
  readonly serverAddress: string

  constructor(options: PairOptions) {
    const { seed, shared, conditions = {}, backward = conditions, checksPayload = false } = options
    const index = shared?.index ?? 0
    this.clientAddress = `10.0.1.${index}:4000`
    this.serverAddress = `10.0.0.${index}:7350`
    this.network = shared?.network ?? new NetworkSimulator({ seed })
    this.upLink = this.network.createLink(conditions)
    this.downLink = this.network.createLink(backward)
    if (shared === undefined) {
      this.network.route(this.clientAddress, this.serverAddress, this.upLink)
      this.network.route(this.serverAddress, this.clientAddress, this.downLink)
    }
    const connectionId = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
    const common = { connectionId, eventCapacity: 0 }
    this.server = new SimulatedPeer(this.network, this.serverAddress, this.clientAddress, {
      ...common,
      ...options.server,
      role: 'server',
      limits: { ...UNLIMITED_RATE, ...options.server?.limits },
      protection: new FakeProtection(1, checksPayload),
      random: new SeededRandom(seed, 1001 + 2 * index),
    })
    this.client = new SimulatedPeer(this.network, this.clientAddress, this.serverAddress, {
      ...common,
      ...options.client,
      role: 'client',
      limits: { ...UNLIMITED_RATE, ...options.client?.limits },
      protection: new FakeProtection(1, checksPayload),
      random: new SeededRandom(seed, 1002 + 2 * index),
    })
  }

  get nowMs(): number {
    return this.network.clock.now()
  }

  advance(byMs: number): void {
    this.network.clock.advance(byMs)
  }

  /** Calls back every `periodMs` from `firstMs` on, `count` times. */
  every(periodMs: number, count: number, callback: (index: number) => void, firstMs = periodMs): void {
    let index = 0
    const timer = this.network.clock.timer((nowMs) => {
      callback(index++)
      if (index < count) timer.set(nowMs + periodMs)
    })
    timer.set(this.nowMs + firstMs)
  }
}
