import { WireLimits } from '@kaosnet/protocol'
import { WebSocket } from 'ws'
import { Client } from './client.ts'
import type { ClientOptions } from './options.ts'
import { webSocketDialer } from './websocket-transport.ts'

const socketOptions = {
  // Frames are small and binary: compressing them costs more than it saves.
  perMessageDeflate: false,
  maxPayload: WireLimits.messageBytes,
  /** A server that does not answer our close frame must not keep the process alive for the default of 30 s. */
  closeTimeout: 1_000,
}

/**
 * A client for Node; speaks WebSocket.
 *
 * @example
 * const client = new KaosClient('http://localhost:7350', { username: 'Ada' })
 * const session = await client.connect()
 */
export class KaosClient extends Client {
  /** @param url the server's base address (`https://play.example.com`), or that of its WebSocket (`wss://…/ws`) */
  constructor(url: string, options: ClientOptions = {}) {
    super(
      url,
      options,
      webSocketDialer((address) => new WebSocket(address, socketOptions)),
    )
  }
}
