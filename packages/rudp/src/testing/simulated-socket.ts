/**
 * Receives a datagram: `buffer[0 … length)`. The buffer is the receiver's only until the call returns, and may be
 * changed in place until then (to decrypt it).
 */
export type DatagramHandler = (buffer: Uint8Array, length: number, from: string, nowMs: number) => void

/** What a socket asks of the network it is attached to. */
export interface SocketNetwork {
  send(to: string, buffer: Uint8Array, offset: number | undefined, length: number | undefined): void
  rebind(publicAddress: string): void
  detach(): void
}

/** One listener of a simulated network. Made by {@link NetworkSimulator.attach}. */
export class SimulatedSocket {
  /** The name it was attached with; routes are found by it. */
  readonly address: string
  readonly onDatagram: DatagramHandler
  readonly #network: SocketNetwork
  #publicAddress: string
  #pausedUntilMs = 0

  constructor(address: string, onDatagram: DatagramHandler, network: SocketNetwork) {
    this.address = address
    this.onDatagram = onDatagram
    this.#network = network
    this.#publicAddress = address
  }

  /** The address that others see and answer to. */
  get publicAddress(): string {
    return this.#publicAddress
  }

  get pausedUntilMs(): number {
    return this.#pausedUntilMs
  }

  /** As {@link NetworkSimulator.send}, from this socket. */
  send(to: string, buffer: Uint8Array, offset?: number, length?: number): void {
    this.#network.send(to, buffer, offset, length)
  }

  /**
   * What a NAT does when its mapping changes: datagrams sent from now on come from `publicAddress`, and only what
   * is sent there arrives; datagrams to the old address, those under way included, are unroutable.
   * @throws Error when somebody else listens at that address
   */
  rebind(publicAddress: string): void {
    this.#network.rebind(publicAddress)
    this.#publicAddress = publicAddress
  }

  /** A stalled event loop: what arrives until then waits, and is delivered in order at that time. */
  pauseUntil(timeMs: number): void {
    this.#pausedUntilMs = timeMs
  }

  /** Stops listening; the address becomes free. Harmless when repeated. */
  detach(): void {
    this.#network.detach()
  }
}
