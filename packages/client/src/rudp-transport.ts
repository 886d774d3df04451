import { LaneOutbox, rudpChannelOf } from '@kaosnet/protocol'
import type { CloseInfo, RudpConnection } from '@kaosnet/rudp'
import type { ClientClock, ClientTimer } from './clock.ts'
import type { ClientTransport, Delivery, TransportClose, TransportHandlers } from './transport.ts'

/** The range of close codes kaos-rudp leaves to applications (`docs/transport.md`): the error table's codes travel there. */
const APPLICATION_CLOSE_BASE = 256
/** What was sent last gets this long to be acknowledged before the connection is closed. */
const LINGER_MS = 250
const DELIVERY_POLL_MS = 10

/** Encrypted reliable UDP. Each lane has a channel of its own, so that a lost packet delays no other room. */
export class RudpClientTransport implements ClientTransport {
  readonly kind = 'rudp'
  readonly #rudp: RudpConnection
  readonly #clock: ClientClock
  /** Unreliable messages of one turn travel together, so that the newest turn, not the newest message, supersedes. */
  readonly #outbox: LaneOutbox
  #isFlushPlanned = false
  #isClosing = false
  #linger: ClientTimer | undefined

  constructor(rudp: RudpConnection, handlers: TransportHandlers, clock: ClientClock) {
    this.#rudp = rudp
    this.#clock = clock
    this.#outbox = new LaneOutbox((message, _isReliable, lane) => this.#sendUnreliable(message, lane))
    // The bytes are rudp's again after the call.
    rudp.onMessage = (_channel, _mode, data) => handlers.onMessage(data.slice())
    rudp.onClose = (close) => {
      this.#linger?.cancel()
      handlers.onClose(closeOf(close))
    }
  }

  get isClosing(): boolean {
    return this.#rudp.state !== 'open'
  }

  get bufferedBytes(): number {
    return this.#outbox.queuedBytes
  }

  send(message: Uint8Array, delivery: Delivery, lane: number): boolean {
    if (this.#rudp.state !== 'open') return false
    if (delivery === 'reliable') {
      const result = this.#rudp.send(rudpChannelOf(lane), 'reliable-ordered', message)
      return result === 'queued' || result === 'superseded'
    }
    this.#outbox.add(message, false, lane)
    if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true
      queueMicrotask(() => {
        this.#isFlushPlanned = false
        this.#outbox.flush()
      })
    }
    return true
  }

  close(code: number): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#outbox.flush()
    this.#closeWhenDelivered(code === 0 ? 0 : APPLICATION_CLOSE_BASE + code, 0)
  }

  #closeWhenDelivered(code: number, waitedMs: number): void {
    if (this.#rudp.stats().sendQueueBytes === 0 || waitedMs >= LINGER_MS) {
      this.#rudp.close(code)
      return
    }
    this.#linger = this.#clock.setTimer(
      () => this.#closeWhenDelivered(code, waitedMs + DELIVERY_POLL_MS),
      DELIVERY_POLL_MS,
    )
  }

  #sendUnreliable(message: Uint8Array, lane: number): void {
    const channel = rudpChannelOf(lane)
    if (this.#rudp.send(channel, 'unreliable-sequenced', message) === 'too-large') {
      this.#rudp.send(channel, 'reliable-ordered', message)
    }
  }
}

function closeOf({ code, reason }: CloseInfo): TransportClose {
  return {
    code: code >= APPLICATION_CLOSE_BASE ? code - APPLICATION_CLOSE_BASE : undefined,
    reason: reason || `the connection closed with ${code}`,
  }
}
