import { Client } from './client.ts'
import type { ClientOptions } from './options.ts'
import { webSocketDialer } from './websocket-transport.ts'

export * from './api.ts'

/**
 * A client for browsers; speaks WebSocket.
 *
 * @example
 * const client = new KaosClient(location.origin, { username: 'Ada' })
 * const session = await client.connect()
 */
export class KaosClient extends Client {
  /** @param url the server's base address (`https://play.example.com`), or that of its WebSocket (`wss://…/ws`) */
  constructor(url: string, options: ClientOptions = {}) {
    super(
      url,
      options,
      webSocketDialer((address) => new WebSocket(address)),
    )
  }
}
