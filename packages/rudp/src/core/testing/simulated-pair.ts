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
  /** Both directions; `backward` differs where given. */
  readonly conditions?: Partial<LinkConditions>
  readonly backward?: Partial<LinkConditions>
  readonly client?: PeerSettings
  readonly server?: PeerSettings
  /** Checksums over all of each packet; needed only where the network corrupts. Default false. */
  readonly checksPayload?: boolean
}

export const CLIENT_ADDRESS = '10.0.0.2:4000'
export const SERVER_ADDRESS = '10.0.0.1:7350'

/** No bound on what a test may send. */
const UNLIMITED_RATE = { receivePacketsPerSecond: 0, receiveBytesPerSecond: 0 }

/** A client and a server on a simulated network of their own, past the handshake. */
export class SimulatedPair {
  readonly network: NetworkSimulator
  readonly client: SimulatedPeer
  readonly server: SimulatedPeer
  readonly upLink: Link
  readonly downLink: Link

  constructor(options: PairOptions) {
    const { seed, conditions = {}, backward = conditions, checksPayload = false } = options
    this.network = new NetworkSimulator({ seed })
    const links = this.network.connect(CLIENT_ADDRESS, SERVER_ADDRESS, conditions, backward)
    this.upLink = links.forward
    this.downLink = links.backward
    const connectionId = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
    const common = { connectionId, eventCapacity: 0 }
    this.server = new SimulatedPeer(this.network, SERVER_ADDRESS, CLIENT_ADDRESS, {
      ...common,
      ...options.server,
      role: 'server',
      limits: { ...UNLIMITED_RATE, ...options.server?.limits },
      protection: new FakeProtection(1, checksPayload),
      random: new SeededRandom(seed, 1001),
    })
    this.client = new SimulatedPeer(this.network, CLIENT_ADDRESS, SERVER_ADDRESS, {
      ...common,
      ...options.client,
      role: 'client',
      limits: { ...UNLIMITED_RATE, ...options.client?.limits },
      protection: new FakeProtection(1, checksPayload),
      random: new SeededRandom(seed, 1002),
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
