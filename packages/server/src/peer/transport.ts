/** How a client reached the server. */
export type TransportName = 'websocket' | 'rudp' | 'memory'

/**
 * `reliable`: arrives, once, in order within its lane. `unreliable`: may be lost or replaced by newer data of the same
 * lane, is never queued behind a slow network.
 */
export type Delivery = 'reliable' | 'unreliable'

/**
 * Whose allowance a frame takes while it waits for a slow reader. `control`: session, answers, presence, errors.
 * `reliable`: data and states of rooms. `unreliable`: what newer frames may replace.
 */
export type QueueClass = 'control' | 'reliable' | 'unreliable'

/** 0 = session and requests; otherwise the session's handle of a room. Lanes do not wait for each other. */
export type Lane = number

/** What one connected endpoint must be able to do, whatever carries it. Messages hold whole KaosNet frames. */
export interface Connection {
  readonly transport: TransportName
  readonly remoteAddress: string
  /** Copies the frame into what the next {@link flush} sends. */
  send(frame: Uint8Array, queueClass: QueueClass, lane: Lane): void
  /** Hands everything collected to the network, packed into as few messages as fit. */
  flush(): void
  /** Bytes of a class accepted and not yet taken by the network: exact where a bound can be passed. */
  queuedBytes(queueClass: QueueClass): number
  /** Unreliable frames that newer ones replaced or the network could not take. */
  readonly supersededFrames: number
  /**
   * Flushes, sends `lastFrame` after everything else, whatever its lane, then closes. The handler's `onClosed` follows.
   * Idempotent.
   */
  close(code: number, reason: string, lastFrame?: Uint8Array): void
}

export interface ConnectionHandler {
  /**
   * One message; the bytes are valid during the call only.
   * @param readAtMs When it was read from the network; now when omitted
   */
  onMessage(message: Uint8Array, readAtMs?: number): void
  /** A message the transport refused before it became one (e.g. text, too large); the connection lives on. */
  onBadMessage(error: 'text' | 'too-large', sizeBytes: number): void
  /** @param isGoneForGood The client has said that it will not come back: a page that was closed or left. */
  onClosed(reason: string, isGoneForGood?: boolean): void
}

/** A way for clients to come in. */
export interface Transport {
  readonly name: TransportName
  start(accept: (connection: Connection) => ConnectionHandler): Promise<void>
  /** For people: where it listens, e.g. `ws://127.0.0.1:7350/ws`. */
  readonly address: string
  stop(): Promise<void>
}
