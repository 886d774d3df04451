import { rudpChannelOf } from '@kaosnet/protocol'
import { connectRudp, type CryptoProvider } from '@kaosnet/rudp'
import { botAddress } from './bot-address.ts'
import { type BatchPool, BotSocket } from './bot-socket.ts'
import type { Link, LinkHandlers, ServerAddress } from './link.ts'

/** What the bots of a process share. */
export interface RudpParts {
  readonly crypto: CryptoProvider
  readonly pool: BatchPool
}

const CONNECT_TIMEOUT_MS = 30_000

/** Connects one bot over kaos-rudp, with the server's key pinned. @throws RudpError */
export async function openRudpLink(
  server: ServerAddress,
  index: number,
  handlers: LinkHandlers,
  { crypto, pool }: RudpParts,
): Promise<Link> {
  const connection = await connectRudp({
    addresses: [{ host: server.host, port: server.udpPort }],
    serverPublicKey: Buffer.from(server.serverKey, 'base64url'),
    timeoutMs: CONNECT_TIMEOUT_MS,
    crypto,
    // A ring of events is for debugging, and thousands of them are a lot of memory.
    eventCapacity: 0,
    openSocket: (peer) => BotSocket.open(botAddress(index), peer, pool),
  })
  connection.onMessage = (_channel, _mode, data) => handlers.onMessage(data)
  connection.onClose = ({ code, reason }) => handlers.onClosed(reason || `closed with ${code}`)
  return {
    send(lane, isReliable, message) {
      const mode = isReliable ? 'reliable-ordered' : 'unreliable-sequenced'
      connection.send(rudpChannelOf(lane), mode, message)
    },
    close: () => connection.close(),
  }
}
