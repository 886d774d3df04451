import { connectFailed } from './errors.ts'
import type { ClientClock, ClientTimer } from './clock.ts'
import type { ClientTransport, Delivery, TransportClose, TransportDialer } from './transport.ts'

/** What is used of the WHATWG WebSocket; the browser's and that of `ws` both have it. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: string, listener: (event: WebSocketEventLike) => void): void
}

export interface WebSocketEventLike {
  readonly type: string
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly error?: unknown
}

/** Above this, unreliable data is no longer queued but replaced by newer (`docs/protocol.md#websocket`). */
const CONGESTED_BYTES = 16_384
/** Above this, reliable data is refused. */
const MAX_BUFFERED_BYTES = 4_194_304
/** A WebSocket does not tell when its buffer has drained, so we look. */
const DRAIN_POLL_MS = 10
const OPEN = 1
const NORMAL_CLOSURE = 1000
const UNSUPPORTED_DATA = 1003
/** RFC 6455 §7.4.2 leaves 4000–4999 to applications: the error table's codes travel there. */
const APPLICATION_CLOSE_BASE = 4000
const APPLICATION_CLOSE_END = 5000

/** A dialer for WebSocket: one binary message is one message of the protocol. */
export function webSocketDialer(createSocket: (url: string) => WebSocketLike): TransportDialer {
  return ({ url, handlers, signal, clock }) =>
    new Promise((resolve, reject) => {
      const target = webSocketUrl(url)
      const socket = createSocket(target)
      socket.binaryType = 'arraybuffer'
      let transport: WebSocketTransport | undefined
      let failure: WebSocketEventLike | undefined

      const onAbort = (): void => {
        reject(signal.reason)
        socket.close()
      }
      signal.addEventListener('abort', onAbort)
      socket.addEventListener('open', () => {
        signal.removeEventListener('abort', onAbort)
        transport = new WebSocketTransport(socket, clock)
        resolve(transport)
      })
      socket.addEventListener('message', ({ data }) => {
        if (data instanceof ArrayBuffer) handlers.onMessage(new Uint8Array(data))
        else socket.close(UNSUPPORTED_DATA, 'only binary messages are understood')
      })
      // Always followed by 'close'. Browsers say nothing about the cause, for reasons of security.
      socket.addEventListener('error', (event) => {
        failure = event
      })
      socket.addEventListener('close', (event) => {
        signal.removeEventListener('abort', onAbort)
        if (transport === undefined) {
          const why = failure?.message ? `: ${failure.message}` : ''
          reject(connectFailed(`cannot reach ${target}${why}`, failure?.error))
        } else {
          transport.stop()
          handlers.onClose(closeOf(event, failure))
        }
      })
    })
}

/** The WebSocket of a server: `/ws` below an address without a path, otherwise exactly what was given. */
export function webSocketUrl(url: URL): string {
  const target = new URL(url)
  if (target.protocol === 'http:') target.protocol = 'ws:'
  if (target.protocol === 'https:') target.protocol = 'wss:'
  if (target.pathname === '/') target.pathname = '/ws'
  target.hash = ''
  return target.href
}

function closeOf(event: WebSocketEventLike, failure: WebSocketEventLike | undefined): TransportClose {
  const code = event.code ?? 0
  const isApplications = code >= APPLICATION_CLOSE_BASE && code < APPLICATION_CLOSE_END
  return {
    code: isApplications ? code - APPLICATION_CLOSE_BASE : undefined,
    reason: event.reason || failure?.message || `the WebSocket closed with ${code}`,
    cause: failure?.error,
  }
}

class WebSocketTransport implements ClientTransport {
  readonly kind = 'websocket'
  readonly #socket: WebSocketLike
  readonly #clock: ClientClock
  /** The newest unreliable message of each lane, kept while the socket is congested. */
  readonly #latest = new Map<number, Uint8Array>()
  #drainTimer: ClientTimer | undefined

  constructor(socket: WebSocketLike, clock: ClientClock) {
    this.#socket = socket
    this.#clock = clock
  }

  get isClosing(): boolean {
    return this.#socket.readyState !== OPEN
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(message: Uint8Array, delivery: Delivery, lane: number): boolean {
    if (this.#socket.readyState !== OPEN) return false
    const waitingBytes = this.#socket.bufferedAmount
    if (delivery === 'unreliable' && waitingBytes > CONGESTED_BYTES) {
      this.#latest.set(lane, message)
      this.#awaitDrain()
      return true
    }
    if (waitingBytes + message.length > MAX_BUFFERED_BYTES) return false
    if (delivery === 'unreliable') this.#latest.delete(lane)
    this.#write(message)
    return true
  }

  close(code: number): void {
    this.stop()
    this.#socket.close(code === 0 ? NORMAL_CLOSURE : APPLICATION_CLOSE_BASE + code)
  }

  /** Forgets what waits. */
  stop(): void {
    this.#latest.clear()
    this.#drainTimer?.cancel()
  }

  #awaitDrain(): void {
    this.#drainTimer ??= this.#clock.setTimer(() => this.#drain(), DRAIN_POLL_MS)
  }

  #drain(): void {
    this.#drainTimer = undefined
    for (const [lane, message] of this.#latest) {
      if (this.#socket.bufferedAmount > CONGESTED_BYTES) {
        this.#awaitDrain()
        return
      }
      this.#latest.delete(lane)
      this.#write(message)
    }
  }

  #write(message: Uint8Array): void {
    // Messages are never views of shared memory, which is all that the narrower type excludes.
    this.#socket.send(message as Uint8Array<ArrayBuffer>)
  }
}
