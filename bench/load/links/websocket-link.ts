import { WebSocket } from 'ws'
import { botAddress } from './bot-address.ts'
import type { Link, LinkHandlers, ServerAddress } from './link.ts'

const HANDSHAKE_TIMEOUT_MS = 30_000
/** Random in life; any that is not zero costs the server the same, and drawing one costs the bot. */
const MASK = Buffer.from([0x5a, 0xc3, 0x91, 0x27])

/** Connects one bot over WebSocket. @throws Error when the server cannot be reached */
export function openWebSocketLink(
  { host, port }: ServerAddress,
  index: number,
  handlers: LinkHandlers,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${host}:${port}/ws`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      localAddress: botAddress(index),
      generateMask: (mask) => {
        MASK.copy(mask)
      },
    })
    let why = ''
    socket.on('message', (data) => handlers.onMessage(data as Buffer, performance.now()))
    socket.on('error', (error) => {
      why = error.message
      reject(error)
    })
    socket.on('close', (code, reason) => handlers.onClosed(why || reason.toString() || `closed with ${code}`))
    socket.on('open', () =>
      resolve({
        send(_lane, _isReliable, message) {
          socket.send(message)
        },
        close: () => socket.close(1000),
      }),
    )
  })
}
