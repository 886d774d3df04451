import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { BatchPool, FrameBatch } from '@kaosnet/protocol'
import { WebSocketServer } from 'ws'
import type { Clock } from '../clock.ts'
import type { Connection, ConnectionHandler, Transport } from './transport.ts'
import { WebSocketConnection } from './websocket-connection.ts'
import { FRAME_HEADER_BYTES } from './websocket-frame.ts'

export interface WebSocketTransportOptions {
  readonly clock: Clock
  /** The HTTP server whose upgrades are taken; it is started and stopped by its owner. */
  readonly server: Server
  /** Requests for other paths are refused with 404. */
  readonly path: string
  /** Larger messages are refused one by one. */
  readonly messageBytes: number
  /** Unreliable bytes that wait for a slow reader. */
  readonly unreliableQueueBytes: number
  readonly describeAddress: () => string
  /** Takes a client's address from the request. */
  readonly remoteAddress: (request: IncomingMessage) => string
}

/** A message so far above the limit that it is not even read: the connection closes with 1009. */
const HOPELESS_FACTOR = 4
/** Clients that do not answer the close frame of a server that stops are not waited for longer. */
const CLOSE_TIMEOUT_MS = 1000

/** WebSocket (RFC 6455) over the HTTP server's port: one binary message = one or more whole frames. */
export class WebSocketTransport implements Transport {
  readonly name = 'websocket'
  readonly #options: WebSocketTransportOptions
  readonly #sockets: WebSocketServer
  readonly #batches = new BatchPool(() => new FrameBatch(FRAME_HEADER_BYTES))
  #onUpgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined

  constructor(options: WebSocketTransportOptions) {
    this.#options = options
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      // Answers, too, wait in memory when the client does not read.
      autoPong: false,
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
        const connection = new WebSocketConnection(ws, socket, {
          remoteAddress: this.#options.remoteAddress(request),
          clock: this.#options.clock,
          batches: this.#batches,
          unreliableQueueBytes: this.#options.unreliableQueueBytes,
        })
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

/** Nobody else listens to a socket that was upgraded: without a listener, a reset would end the process. */
function refuse(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
