import { KaosError } from '@kaosnet/protocol'
import { connectFailed, toKaosError } from './errors.ts'
import { rudpDialer, UdpNotOffered } from './rudp-dialer.ts'
import type { TransportDialer } from './transport.ts'

/**
 * UDP first; WebSocket when the server does not offer UDP, or when UDP does not get through (a firewall, a proxy), which the
 * client reports with the event `fallback`. What the server refuses is refused on either way and is passed on.
 */
export function fallbackDialer(webSocket: TransportDialer, udpTimeoutMs: number): TransportDialer {
  const udp = rudpDialer(udpTimeoutMs)
  return async (request) => {
    // Somebody who names the WebSocket itself wants that.
    if (request.url.protocol.startsWith('ws')) return webSocket(request)
    try {
      return await udp(request)
    } catch (error) {
      request.signal.throwIfAborted()
      if (error instanceof KaosError && error.action !== 'retry') throw error
      const transport = await webSocket(request)
      if (!(error instanceof UdpNotOffered)) request.onFallback(toKaosError(error, connectFailed))
      return transport
    }
  }
}
