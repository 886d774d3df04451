import { CloseCode, type CloseInfo } from '../core/close-code.ts'
import { Connection } from '../core/connection.ts'
import type {
  ConnectionHandler,
  ConnectionOptions,
  ConnectionState,
  PathId,
  SendResult,
} from '../core/connection-options.ts'
import type { ConnectionStats } from '../core/connection-stats.ts'
import type { DeliveryMode } from '../core/delivery-mode.ts'
import type { EventRing } from '../core/event-ring.ts'
import type { CountingProtection } from '../crypto/counting-protection.ts'
import type { Address } from './address.ts'
import { PathTable } from './path-table.ts'
import type { RudpConnection } from './rudp-connection.ts'

/** What a live connection needs of the endpoint it belongs to. */
export interface ConnectionOwner {
  nowMs(): number
  /** The connection may have something to send, or another deadline: poll it at the end of this turn. */
  wake(connection: LiveConnection): void
  /** The client has proved to have the keys (server only). */
  opened(connection: LiveConnection): void
  /** A handler of the application threw. */
  callbackFailed(error: unknown): void
  ticketReceived(ticket: Uint8Array): void
  /** Nothing has been heard of the peer for a while. */
  fellSilent(): void
}

export interface LiveConnectionOptions {
  readonly owner: ConnectionOwner
  /** Where the owner files this connection. */
  readonly slot: number
  readonly remote: Address
  readonly protection: CountingProtection
  readonly core: Omit<ConnectionOptions, 'handler' | 'protection' | 'path' | 'isSameHost'>
  readonly userId?: string | undefined
  readonly userData?: Uint8Array | undefined
  /** Whether `send` alone makes data go out. */
  readonly autoFlush: boolean
}

const NO_DATA = new Uint8Array(0)

/** A core connection together with the addresses of its peer and the handlers of the application. */
export class LiveConnection implements RudpConnection {
  readonly slot: number
  /** The IP address that counts this connection against its limit, wherever the peer moves. */
  readonly admittedIp: string
  readonly userId: string | undefined
  readonly userData: Uint8Array
  /** Whether the owner already knows that this connection wants to be polled. */
  isAwake = false
  onMessage: RudpConnection['onMessage']
  onClose: RudpConnection['onClose']
  onWritable: RudpConnection['onWritable']
  onUnstable: RudpConnection['onUnstable']
  onAddressChanged: RudpConnection['onAddressChanged']
  onTick: RudpConnection['onTick']
  readonly #owner: ConnectionOwner
  readonly #core: Connection
  readonly #protection: CountingProtection
  readonly #paths: PathTable
  readonly #autoFlush: boolean
  #isFlushWanted = false
  #closeInfo: CloseInfo | undefined

  constructor(options: LiveConnectionOptions) {
    this.slot = options.slot
    this.admittedIp = options.remote.ip
    this.userId = options.userId
    this.userData = options.userData ?? NO_DATA
    this.#owner = options.owner
    this.#protection = options.protection
    this.#paths = new PathTable(options.remote)
    this.#autoFlush = options.autoFlush
    this.#core = new Connection({
      ...options.core,
      protection: options.protection,
      handler: new CoreEvents(this),
      path: 0,
      isSameHost: (a, b) => this.#paths.isSameHost(a, b),
    })
  }

  get remote(): Address {
    return this.#paths.current
  }

  get state(): ConnectionState {
    return this.#core.state
  }

  get closeInfo(): CloseInfo | undefined {
    return this.#closeInfo
  }

  get events(): EventRing {
    return this.#core.events
  }

  send(channel: number, mode: DeliveryMode, data: Uint8Array): SendResult {
    const result = this.#core.send(channel, mode, data)
    if (this.#autoFlush) this.flush()
    return result
  }

  flush(): void {
    this.#isFlushWanted = true
    this.#owner.wake(this)
  }

  sendTick(tick: number, microsInTick: number): void {
    this.#core.sendTick(tick, microsInTick)
  }

  close(code: number = CloseCode.Normal, reason = ''): void {
    this.#core.close(code, reason, this.#owner.nowMs())
    this.#owner.wake(this)
  }

  orderedMessages(channel: number): number {
    return this.#core.orderedMessages(channel)
  }

  stats(): ConnectionStats {
    return this.#core.stats()
  }

  /** Takes a datagram that carries this connection's id. */
  handleDatagram(buffer: Uint8Array, offset: number, length: number, remote: Address, nowMs: number): void {
    const known = this.#paths.find(remote)
    if (known !== undefined) {
      this.#core.handleDatagram(buffer, offset, length, known, nowMs)
    } else {
      const onTrial = this.#paths.add(remote)
      const openedBefore = this.#protection.openedCount
      this.#core.handleDatagram(buffer, offset, length, onTrial, nowMs)
      if (this.#protection.openedCount === openedBefore) this.#paths.forget(onTrial)
      else this.#paths.trim()
    }
    this.#owner.wake(this)
  }

  /** Writes the next datagram. @returns its length, 0 when there is none now */
  poll(out: Uint8Array, offset: number, nowMs: number): number {
    do {
      if (this.#isFlushWanted) {
        this.#isFlushWanted = false
        this.#core.flush(nowMs)
      }
      const length = this.#core.pollDatagram(out, offset, nowMs)
      if (length > 0) return length
      // A handler that was called while polling may have sent something.
    } while (this.#isFlushWanted)
    return 0
  }

  /** Where the datagram last polled must go; undefined when that address has been forgotten. */
  get destination(): Address | undefined {
    return this.#paths.addressOf(this.#core.lastPath)
  }

  nextDeadlineMs(): number {
    return this.#core.nextDeadlineMs()
  }

  handleTimeout(nowMs: number): void {
    this.#core.handleTimeout(nowMs)
    this.#owner.wake(this)
  }

  /** Ends without a word to the peer. */
  terminate(code: number, reason: string, nowMs: number): void {
    this.#core.terminate(code, reason, nowMs)
    this.#owner.wake(this)
  }

  notifyAddressChanged(nowMs: number): void {
    this.#core.notifyAddressChanged(nowMs)
    this.#owner.wake(this)
  }

  sendResumeTicket(ticket: Uint8Array): void {
    this.#core.sendResumeTicket(ticket)
    this.#owner.wake(this)
  }

  /** A message for the application. As `#guard`, without a closure per message. */
  deliver(channel: number, mode: DeliveryMode, data: Uint8Array): void {
    try {
      this.onMessage?.(channel, mode, data)
    } catch (error) {
      this.#callbackFailed(error)
    }
  }

  handlePathValidated(path: PathId): void {
    this.#paths.setCurrent(path)
    this.#guard(() => this.onAddressChanged?.(this.remote))
  }

  handleWritable(channel: number): void {
    this.#guard(() => this.onWritable?.(channel))
  }

  handleTick(tick: number, microsInTick: number): void {
    this.#guard(() => this.onTick?.(tick, microsInTick))
  }

  handleTicket(ticket: Uint8Array): void {
    this.#owner.ticketReceived(Uint8Array.from(ticket))
  }

  handleUnstable(): void {
    this.#owner.fellSilent()
    this.#guard(() => this.onUnstable?.())
  }

  handleStateChanged(state: ConnectionState, close: CloseInfo | undefined): void {
    if (state === 'open') {
      this.#owner.opened(this)
    } else if (close !== undefined && this.#closeInfo === undefined) {
      this.#closeInfo = close
      this.#guard(() => this.onClose?.(close))
    }
    this.#owner.wake(this)
  }

  #guard(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#callbackFailed(error)
    }
  }

  #callbackFailed(error: unknown): void {
    this.#owner.callbackFailed(error)
    this.close(CloseCode.Internal, 'a handler failed')
  }
}

/** The core's calls, passed on to the connection they concern. */
class CoreEvents implements ConnectionHandler {
  readonly #connection: LiveConnection

  constructor(connection: LiveConnection) {
    this.#connection = connection
  }

  onMessage(channel: number, mode: DeliveryMode, data: Uint8Array): void {
    this.#connection.deliver(channel, mode, data)
  }

  onWritable(channel: number): void {
    this.#connection.handleWritable(channel)
  }

  onPathValidated(path: PathId): void {
    this.#connection.handlePathValidated(path)
  }

  onUnstable(): void {
    this.#connection.handleUnstable()
  }

  onStateChanged(state: ConnectionState, close?: CloseInfo): void {
    this.#connection.handleStateChanged(state, close)
  }

  onResumeTicket(ticket: Uint8Array): void {
    this.#connection.handleTicket(ticket)
  }

  onTick(tick: number, microsInTick: number): void {
    this.#connection.handleTick(tick, microsInTick)
  }
}
