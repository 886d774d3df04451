import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { FrameBatch, WireLimits } from '@kaosnet/protocol'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../clock.ts'
import { clipUtf8 } from './peer.ts'
import type { Connection, ConnectionHandler, Delivery, Lane, Transport } from './transport.ts'

export interface WebSocketTransportOptions {
  readonly clock: Clock
  /** The HTTP server whose upgrades are taken; it is started and stopped by its owner. */
  readonly server: Server
  /** Requests for other paths are refused with 404. */
  readonly path: string
  /** Larger messages are refused one by one. */
  readonly messageBytes: number
  readonly describeAddress: () => string
  /** Takes a client's address from the request. */
  readonly remoteAddress: (request: IncomingMessage) => string
}

/** Above this, unreliable data is no longer queued but replaced (`docs/protocol.md#websocket`). */
const CONGESTED_BYTES = 16_384
/** A message so far above the limit that it is not even read: the connection closes with 1009. */
const HOPELESS_FACTOR = 4
/** The close codes RFC 6455 §7.4.2 leaves to applications. */
const APPLICATION_CLOSE_BASE = 4000
const NORMAL_CLOSURE = 1000
/** A close frame carries at most 123 bytes of reason. */
const CLOSE_REASON_BYTES = 120
const CLOSE_TIMEOUT_MS = 1000

/** WebSocket (RFC 6455) over the HTTP server's port: one binary message = one or more whole frames. */
export class WebSocketTransport implements Transport {
  readonly name = 'websocket'
  readonly #options: WebSocketTransportOptions
  readonly #sockets: WebSocketServer
  #onUpgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined

  constructor(options: WebSocketTransportOptions) {
    this.#options = options
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: options.messageBytes * HOPELESS_FACTOR,
    })
  }

  get address(): string {
    return this.#options.describeAddress()
  }

  async start(accept: (connection: Connection) => ConnectionHandler): Promise<void> {
    this.#onUpgrade = (request, socket, head) => {
      const path = (request.url ?? '').split('?', 1)[0]
      if (path !== this.#options.path) {
        refuse(socket)
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (ws) => {
        const connection = new WebSocketConnection(
          ws,
          this.#options.remoteAddress(request),
          this.#options.clock,
        )
        connection.attach(accept(connection), this.#options.messageBytes)
      })
    }
    this.#options.server.on('upgrade', this.#onUpgrade)
  }

  async stop(): Promise<void> {
    if (this.#onUpgrade !== undefined) this.#options.server.off('upgrade', this.#onUpgrade)
    const clients = [...this.#sockets.clients]
    const closed = clients.map((ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())))
    for (const ws of clients) ws.close(1001, 'server stopped')
    const timer = this.#options.clock.setTimer(() => {
      for (const ws of clients) ws.terminate()
    }, CLOSE_TIMEOUT_MS)
    await Promise.all(closed)
    timer.cancel()
    this.#sockets.close()
  }
}

/** RFC 6455 §7.4.1: what a browser says when a page is closed or left. */
const GOING_AWAY = 1001

class WebSocketConnection implements Connection {
  readonly transport = 'websocket'
  readonly remoteAddress: string
  readonly #ws: WebSocket
  readonly #clock: Clock
  readonly #batch = new FrameBatch()
  /** Newest unreliable frame of each lane, kept while the socket is congested. */
  readonly #latest = new Map<Lane, Uint8Array>()
  readonly #onSent = (): void => this.#drainLatest()
  #supersededFrames = 0

  constructor(ws: WebSocket, remoteAddress: string, clock: Clock) {
    this.#ws = ws
    this.#clock = clock
    this.remoteAddress = remoteAddress
  }

  attach(handler: ConnectionHandler, messageBytes: number): void {
    this.#ws.on('message', (data: RawData, isBinary: boolean) => {
      const message = data as Buffer
      if (!isBinary) handler.onBadMessage('text', message.length)
      else if (message.length > messageBytes) handler.onBadMessage('too-large', message.length)
      else handler.onMessage(message)
    })
    // An 'error' (bad UTF-8, a reset) is always followed by 'close', which tells the owner.
    let why = ''
    this.#ws.on('error', (error) => {
      why = error.message
    })
    this.#ws.on('close', (code, reason) =>
      handler.onClosed(why || reason.toString() || `closed with ${code}`, code === GOING_AWAY),
    )
  }

  get queuedBytes(): number {
    return this.#ws.bufferedAmount + this.#batch.length
  }

  get supersededFrames(): number {
    return this.#supersededFrames
  }

  send(frame: Uint8Array, delivery: Delivery, lane: Lane): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    if (delivery === 'unreliable' && this.#ws.bufferedAmount > CONGESTED_BYTES) {
      if (this.#latest.has(lane)) this.#supersededFrames++
      this.#latest.set(lane, new Uint8Array(frame))
      return
    }
    this.#append(frame)
  }

  flush(): void {
    if (this.#batch.length === 0 || this.#ws.readyState !== this.#ws.OPEN) return
    this.#ws.send(this.#batch.take(), this.#onSent)
  }

  close(code: number, reason: string, lastFrame?: Uint8Array): void {
    if (lastFrame !== undefined) this.send(lastFrame, 'reliable', 0)
    this.flush()
    this.#latest.clear()
    if (this.#ws.readyState === this.#ws.CLOSED) return
    this.#ws.close(
      code === 0 ? NORMAL_CLOSURE : APPLICATION_CLOSE_BASE + code,
      clipUtf8(reason, CLOSE_REASON_BYTES),
    )
    // A client that does not answer the close frame is not waited for.
    const timer = this.#clock.setTimer(() => this.#ws.terminate(), CLOSE_TIMEOUT_MS)
    this.#ws.once('close', () => timer.cancel())
  }

  /** A client takes no message that is larger than {@link WireLimits.messageBytes}. */
  #append(frame: Uint8Array): void {
    if (this.#batch.length + frame.length > WireLimits.messageBytes) this.flush()
    this.#batch.add(frame)
  }

  #drainLatest(): void {
    if (this.#latest.size === 0 || this.#ws.bufferedAmount > CONGESTED_BYTES) return
    for (const frame of this.#latest.values()) this.#append(frame)
    this.#latest.clear()
    this.flush()
  }
}

/** Nobody else listens to a socket that was upgraded: without a listener, a reset would end the process. */
function refuse(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
