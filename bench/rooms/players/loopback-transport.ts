import { Op } from '@kaosnet/protocol'
import type { Connection, ConnectionHandler, Transport } from '@kaosnet/server'

/** The client's end of a connection that needs no network. */
export interface LoopbackClient {
  /** Delivers one message to the server at once. */
  send(message: Uint8Array): void
}

/**
 * A way into the server without sockets: what is measured is rooms, and on two cores sockets would cost more than they do.
 * Room data that the server sends is counted and forgotten; every other frame goes to the client.
 */
export class LoopbackTransport implements Transport {
  readonly name = 'memory'
  readonly address = 'memory'
  #accept: ((connection: Connection) => ConnectionHandler) | undefined
  #roomFrames = 0

  /** Frames of room data that the server has sent to all clients together. */
  get roomFrames(): number {
    return this.#roomFrames
  }

  async start(accept: (connection: Connection) => ConnectionHandler): Promise<void> {
    this.#accept = accept
  }

  async stop(): Promise<void> {
    this.#accept = undefined
  }

  connect(onFrame: (frame: Uint8Array) => void): LoopbackClient {
    const accept = this.#accept
    if (accept === undefined) throw new Error('the loopback transport is not started')
    let handler: ConnectionHandler | undefined
    let isOpen = true
    const connection: Connection = {
      transport: 'memory',
      remoteAddress: '127.0.0.1',
      queuedBytes: () => 0,
      supersededFrames: 0,
      send: (frame) => {
        if (frame[0] === Op.RoomData) this.#roomFrames++
        else onFrame(frame)
      },
      flush: () => {},
      close: (_code, reason, lastFrame) => {
        if (!isOpen) return
        isOpen = false
        if (lastFrame !== undefined) onFrame(lastFrame)
        setImmediate(() => handler?.onClosed(reason))
      },
    }
    handler = accept(connection)
    return { send: (message) => handler?.onMessage(message) }
  }
}
