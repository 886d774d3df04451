import { performance } from 'node:perf_hooks'
import { rudpChannelOf } from '@kaosnet/protocol'
import { connectRudp, type CryptoProvider } from '@kaosnet/rudp'
import { botAddress } from './bot-address.ts'
import { type BatchPool, BotSocket } from './bot-socket.ts'
import type { Link, LinkHandlers, ServerAddress } from './link.ts'

export interface RudpLinkOptions {
  readonly crypto: CryptoProvider
  /** Of all bots of the process. */
  readonly pool: BatchPool
  readonly server: ServerAddress
  readonly timeoutMs: number
}

/** Connects one bot over kaos-rudp and a socket of its own, with the server's key pinned. @throws RudpError */
export async function openRudpLink(
  bot: number,
  handlers: LinkHandlers,
  { crypto, pool, server, timeoutMs }: RudpLinkOptions,
): Promise<Link> {
  const connection = await connectRudp({
    addresses: [{ host: server.host, port: server.udpPort }],
    serverPublicKey: Buffer.from(server.serverKey, 'base64url'),
    timeoutMs,
    crypto,
    // A ring of events is for debugging, and thousands of them are a lot of memory.
    eventCapacity: 0,
    openSocket: (peer) => BotSocket.open(botAddress(bot), peer, pool),
  })
  connection.onMessage = (_channel, _mode, data) => handlers.onMessage(data, performance.now())
  connection.onClose = ({ code, reason }) => handlers.onClosed(reason || `closed with ${code}`)
  return {
    send(lane, isReliable, message) {
      const mode = isReliable ? 'reliable-ordered' : 'unreliable-sequenced'
      connection.send(rudpChannelOf(lane), mode, message)
    },
    close: () => connection.close(),
  }
}
