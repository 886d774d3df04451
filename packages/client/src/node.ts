import { WireLimits } from '@kaosnet/protocol'
import { WebSocket } from 'ws'
import { Client } from './client.ts'
import { fallbackDialer } from './fallback-dialer.ts'
import type { ClientOptions } from './options.ts'
import { rudpDialer } from './rudp-dialer.ts'
import type { TransportDialer } from './transport.ts'
import { webSocketDialer } from './websocket-transport.ts'

const socketOptions = {
  // Frames are small and binary: compressing them costs more than it saves.
  perMessageDeflate: false,
  maxPayload: WireLimits.messageBytes,
  /** A server that does not answer our close frame must not keep the process alive for the default of 30 s. */
  closeTimeout: 1_000,
}

const UDP_TIMEOUT_MS = 3_000

export interface NodeClientOptions extends ClientOptions {
  /**
   * `auto` (when omitted): UDP, or WebSocket where UDP does not get through (event `fallback`); `udp`: nothing else;
   * `websocket`: nothing else. An address that begins with ws or wss means WebSocket.
   */
  readonly transport?: 'auto' | 'udp' | 'websocket' | undefined
  /** How long to try UDP. 3 s when omitted. */
  readonly udpTimeoutMs?: number | undefined
}

/**
 * A client for Node; speaks encrypted reliable UDP (kaos-rudp), and WebSocket where UDP is blocked.
 *
 * @example
 * const client = new KaosClient('http://localhost:7350', { username: 'Ada' })
 * const session = await client.connect()
 * console.log(session.transport)
 */
export class KaosClient extends Client {
  /** @param url the server's base address (`https://play.example.com`), or that of its WebSocket (`wss://…/ws`) */
  constructor(url: string, options: NodeClientOptions = {}) {
    super(url, options, dialerFor(options))
  }
}

function dialerFor({
  transport = 'auto',
  udpTimeoutMs = UDP_TIMEOUT_MS,
}: NodeClientOptions): TransportDialer {
  const webSocket = webSocketDialer((address) => new WebSocket(address, socketOptions))
  switch (transport) {
    case 'websocket':
      return webSocket
    case 'udp':
      return rudpDialer(udpTimeoutMs)
    case 'auto':
      return fallbackDialer(webSocket, udpTimeoutMs)
  }
}
