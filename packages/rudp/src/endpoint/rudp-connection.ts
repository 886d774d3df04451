import type { CloseInfo } from '../core/close-code.ts'
import type { ConnectionState, SendResult } from '../core/connection-options.ts'
import type { ConnectionStats } from '../core/connection-stats.ts'
import type { DeliveryMode } from '../core/delivery-mode.ts'
import type { EventRing } from '../core/event-ring.ts'
import type { Address } from './address.ts'

/**
 * One connection, as the application sees it. Assign the handlers you want; each is called from the event loop,
 * one at a time. A handler that throws ends its connection, not the process.
 */
export interface RudpConnection {
  /** Who the connect token says the peer is; undefined without a token, and on the client. */
  readonly userId: string | undefined
  /** What the token's issuer put beside the user id; empty without a token. */
  readonly userData: Uint8Array
  /** The peer's address; it may change while the connection lives. */
  readonly remote: Address
  readonly state: ConnectionState
  /** How it ended, once it has left the state `open`. */
  readonly closeInfo: CloseInfo | undefined
  /** The newest events of this connection, for debugging (`events.dump()`). */
  readonly events: EventRing

  /** A message arrived. `data` is valid only during the call: copy what is to be kept. */
  onMessage: ((channel: number, mode: DeliveryMode, data: Uint8Array) => void) | undefined
  /** The connection has ended; called once. No other handler is called afterwards. */
  onClose: ((close: CloseInfo) => void) | undefined
  /** A `send` on this channel was `blocked` and may be tried again. */
  onWritable: ((channel: number) => void) | undefined
  /** Nothing has been heard of the peer for a while (3 s unless configured). */
  onUnstable: (() => void) | undefined
  /** The peer has moved to another address and proved it. */
  onAddressChanged: ((remote: Address) => void) | undefined
  /** The server's tick counter and the microseconds since that tick began (client). */
  onTick: ((tick: number, microsInTick: number) => void) | undefined

  /**
   * Queues a copy of `data` (channel 0..31). It goes out at the end of this turn of the event loop, together with
   * everything else sent in it, or with the next `flush` when automatic flushing is off.
   */
  send(channel: number, mode: DeliveryMode, data: Uint8Array): SendResult
  /** Lets everything queued so far go out at the end of this turn of the event loop. */
  flush(): void
  /** Tells the peer the tick this side is at, with the next flush; unreliable. */
  sendTick(tick: number, microsInTick: number): void
  /**
   * Ends the connection and tells the peer why; what it has not acknowledged is lost. Idempotent.
   * @param code `CloseCode`, or 256 and above for the application's own. Default 0, normal
   * @param reason at most 128 bytes of UTF-8; more is cut
   */
  close(code?: number, reason?: string): void
  /**
   * Messages sent `reliable-ordered` on this channel that are kept: the oldest that is not acknowledged, and all after
   * it. They leave in the order in which they were sent.
   */
  orderedMessages(channel: number): number
  stats(): ConnectionStats
}
