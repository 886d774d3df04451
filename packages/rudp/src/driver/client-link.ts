import { CloseCode, type CloseInfo } from '../core/close-code.ts'
import type { Address } from '../endpoint/address.ts'
import { ClientEndpoint, type ClientEndpointOptions } from '../endpoint/client-endpoint.ts'
import type { HandshakeOutcome } from '../handshake/client-handshake.ts'
import { denyReason } from '../handshake/refusal-packets.ts'
import { RudpError } from '../rudp-error.ts'
import { ClientConnection, type ClientLinkView, type ServerTerms } from './client-connection.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { EndpointDriver } from './endpoint-driver.ts'
import { hasLocalAddress } from './network-interfaces.ts'

/** So many ICMP refusals in a row mean that nobody is there; one could be forged or a restarting server. */
const REFUSALS_UNTIL_UNREACHABLE = 3
const MIN_REBIND_INTERVAL_MS = 1_000
/** Errors by which the system says that the network the socket was on is gone. */
const NETWORK_CHANGED = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL'])

export interface ClientLinkOptions
  extends Omit<ClientEndpointOptions, 'onHandshakeEnded' | 'onSilence' | 'createConnection'> {
  readonly openSocket: (peer: Address) => Promise<DatagramSocket>
  readonly signal: AbortSignal | undefined
}

/** One attempt to reach one address, and the connection's socket and driver if it succeeds. */
export class ClientLink implements ClientLinkView {
  readonly closed: Promise<CloseInfo>
  readonly cryptoName: string
  readonly #options: ClientLinkOptions
  readonly #endpoint: ClientEndpoint
  #socket: DatagramSocket
  #driver: EndpointDriver | undefined
  #resolveClosed: (close: CloseInfo) => void = () => {}
  #onOutcome: (outcome: HandshakeOutcome | RudpError) => void = () => {}
  #refusals = 0
  #reboundAtMs = Number.NEGATIVE_INFINITY
  #isReleased = false

  /** @throws RudpError as `connectRudp` does */
  static async connect(options: ClientLinkOptions): Promise<ClientConnection> {
    if (options.signal?.aborted === true) throw abortedError(options.signal)
    const socket = await options.openSocket(options.remote)
    let link: ClientLink
    try {
      link = new ClientLink(options, socket)
    } catch (error) {
      await socket.close()
      throw new RudpError('OPTIONS_INVALID', String(error), { cause: error })
    }
    return await link.#connect()
  }

  private constructor(options: ClientLinkOptions, socket: DatagramSocket) {
    this.#options = options
    this.#socket = socket
    this.cryptoName = options.crypto.name
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#endpoint = new ClientEndpoint({
      ...options,
      createConnection: (connectionOptions) => new ClientConnection(connectionOptions, this),
      onHandshakeEnded: (outcome) => this.#onOutcome(outcome),
      onSilence: () => this.#handleSilence(),
    })
  }

  get serverTerms(): ServerTerms {
    const { accepted } = this.#endpoint
    if (accepted === undefined) throw new Error('There are no terms before the server has accepted')
    return accepted
  }

  get resumeTicket(): Uint8Array | undefined {
    return this.#endpoint.ticket
  }

  async rebind(): Promise<void> {
    if (this.#isReleased) return
    this.#reboundAtMs = this.#options.clock()
    const socket = await this.#options.openSocket(this.#options.remote)
    if (this.#isReleased) return await socket.close()
    const old = this.#socket
    this.#driver?.close()
    this.#drive(socket)
    this.#endpoint.connection?.notifyAddressChanged(this.#options.clock())
    await old.close()
  }
  async #connect(): Promise<ClientConnection> {
    const { signal } = this.#options
    let onAbort = () => {}
    const outcome = await new Promise<HandshakeOutcome | RudpError>((resolve) => {
      this.#onOutcome = resolve
      if (signal !== undefined) {
        onAbort = () => resolve(abortedError(signal))
        signal.addEventListener('abort', onAbort)
        if (signal.aborted) onAbort()
      }
      this.#drive(this.#socket)
    })
    signal?.removeEventListener('abort', onAbort)
    const connection = this.#endpoint.connection
    if (connection instanceof ClientConnection && !(outcome instanceof RudpError)) return connection
    await this.#release()
    throw outcome instanceof RudpError ? outcome : outcomeError(outcome, this.#options)
  }

  #drive(socket: DatagramSocket): void {
    this.#socket = socket
    socket.onError = (code) => this.#handleSocketError(code)
    this.#driver = new EndpointDriver(this.#endpoint, socket, this.#options.clock, () => this.#afterTurn())
  }

  #afterTurn(): void {
    const { connection } = this.#endpoint
    if (connection?.state === 'closed') void this.#release()
  }

  #handleSocketError(code: string): void {
    if (this.#endpoint.connection !== undefined) {
      if (NETWORK_CHANGED.has(code)) this.#rebindSoon()
    } else if (code === 'ECONNREFUSED') {
      this.#refusals += 1
      if (this.#refusals < REFUSALS_UNTIL_UNREACHABLE) return
      const { ip, port } = this.#options.remote
      this.#onOutcome(new RudpError('UNREACHABLE', `Nobody listens on UDP ${ip}:${port}`))
    }
  }

  /** A socket whose address the machine has lost goes on sending, and nothing ever comes back. */
  #handleSilence(): void {
    if (!hasLocalAddress(this.#socket.local.ip)) this.#rebindSoon()
  }

  /** Rebinds unless that was done a moment ago. A socket that cannot be opened now is tried at the next sign. */
  #rebindSoon(): void {
    if (this.#options.clock() - this.#reboundAtMs < MIN_REBIND_INTERVAL_MS) return
    this.rebind().catch(() => {})
  }

  async #release(): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#driver?.close()
    await this.#socket.close()
    this.#resolveClosed(
      this.#endpoint.connection?.closeInfo ?? { code: CloseCode.Normal, reason: '', byPeer: false },
    )
  }
}

function abortedError(signal: AbortSignal): RudpError {
  return new RudpError('CONNECT_ABORTED', 'Connecting was aborted', { cause: signal.reason })
}

function outcomeError(outcome: HandshakeOutcome, options: ClientLinkOptions): RudpError {
  const { ip, port } = options.remote
  switch (outcome.kind) {
    case 'denied': {
      const reason = denyReason(outcome.code)
      return new RudpError('DENIED', `The server refused: ${reason ?? `code ${outcome.code}`}`, {
        denyReason: reason,
        retryAfterMs: outcome.retryAfterMs,
      })
    }
    case 'version-unsupported':
      return new RudpError(
        'VERSION_UNSUPPORTED',
        `The server speaks version ${outcome.versions.join(', ')} of the protocol`,
      )
    case 'timed-out':
      return new RudpError(
        'CONNECT_TIMEOUT',
        `No answer from UDP ${ip}:${port} within ${options.timeoutMs} ms`,
      )
    case 'terms-unusable':
      return new RudpError('TERMS_UNUSABLE', 'The server’s limits contradict each other')
    case 'accepted':
      return new RudpError('CONNECT_ABORTED', 'The connection was not wanted any more')
  }
}
