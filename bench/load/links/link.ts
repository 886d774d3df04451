/** The ways into the server that bots know. */
export const LINK_KINDS = ['rudp', 'websocket'] as const

export type LinkKind = (typeof LINK_KINDS)[number]

/** One connection of a bot. */
export interface Link {
  /** Sends a copy of one message of the protocol. @param lane 0 = the session's own, otherwise a handle of a room */
  send(lane: number, isReliable: boolean, message: Uint8Array): void
  close(): void
}

export interface LinkHandlers {
  /** The bytes are the link's again when it returns. @param nowMs when it was received, in monotonic milliseconds */
  onMessage(message: Uint8Array, nowMs: number): void
  /** The connection is over; called once, also after {@link Link.close}. */
  onClosed(why: string): void
}

/** Where a server is, and what it takes to get in. */
export interface ServerAddress {
  readonly host: string
  /** Of HTTP and WebSocket. */
  readonly port: number
  readonly udpPort: number
  /** X25519 public key, base64url. */
  readonly serverKey: string
}
