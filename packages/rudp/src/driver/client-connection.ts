import type { CloseInfo } from '../core/close-code.ts'
import { LiveConnection, type LiveConnectionOptions } from '../endpoint/live-connection.ts'
import type { RudpConnection } from '../endpoint/rudp-connection.ts'
import type { AcceptBody } from '../handshake/accept-packet.ts'

/** What the server said of itself when it accepted the client. */
export type ServerTerms = Omit<AcceptBody, 'connectionId' | 'resetToken'>

/** A connection made by `connectRudp`. */
export interface RudpClientConnection extends RudpConnection {
  /** Fulfilled when the connection is over and its socket released; it is never rejected. */
  readonly closed: Promise<CloseInfo>
  /** The server's rates and sizes. */
  readonly serverTerms: ServerTerms
  /** For `connectRudp`'s `resumeTicket`: saves a round trip next time. Undefined until the server has sent one. */
  readonly resumeTicket: Uint8Array | undefined
  /** Which cryptography is in use. */
  readonly cryptoName: string
  /**
   * Goes on from a new socket, for when the network has changed (Wi-Fi to cellular). Happens by itself when the
   * system reports the network gone, or the server falls silent and this machine has lost the socket's address.
   */
  rebind(): Promise<void>
}

/** The link a client connection lives on: what it needs beyond the protocol. */
export interface ClientLinkView {
  readonly closed: Promise<CloseInfo>
  readonly serverTerms: ServerTerms
  readonly resumeTicket: Uint8Array | undefined
  readonly cryptoName: string
  rebind(): Promise<void>
}

/** The client's connection: a live connection and the link below it. */
export class ClientConnection extends LiveConnection implements RudpClientConnection {
  readonly #link: ClientLinkView

  constructor(options: LiveConnectionOptions, link: ClientLinkView) {
    super(options)
    this.#link = link
  }

  get closed(): Promise<CloseInfo> {
    return this.#link.closed
  }

  get serverTerms(): ServerTerms {
    return this.#link.serverTerms
  }

  get resumeTicket(): Uint8Array | undefined {
    return this.#link.resumeTicket
  }

  get cryptoName(): string {
    return this.#link.cryptoName
  }

  rebind(): Promise<void> {
    return this.#link.rebind()
  }
}
