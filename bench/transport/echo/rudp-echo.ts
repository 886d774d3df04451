import {
  type ConnectionTuning,
  connectRudp,
  type DeliveryMode,
  generateServerKey,
  RudpServer,
} from '@kaosnet/rudp'
import type { EchoClient, EchoServer, EchoTransport } from './echo-transport.ts'

const CHANNEL = 0

export interface RudpEchoOptions {
  readonly mode: DeliveryMode
  readonly isEager: boolean
}

/**
 * kaos-rudp with its defaults, encrypted. Only the bounds that keep a stranger from taking a server's time are off:
 * a benchmark is exactly what they are meant to stop.
 */
export function createRudpEcho({ mode, isEager }: RudpEchoOptions): EchoTransport {
  const tuning: ConnectionTuning = {
    channels: [{ eager: isEager }],
    connectionLimits: { receivePacketsPerSecond: 0, receiveBytesPerSecond: 0 },
  }
  return {
    isReliable: mode === 'reliable-ordered' || mode === 'reliable-unordered',

    async listen(host): Promise<EchoServer> {
      const key = generateServerKey()
      const server = new RudpServer({
        ...tuning,
        host,
        serverKey: key.privateKey,
        limits: {
          maxConnectionsPerAddress: 0,
          hellosPerSecond: 0,
          connectsPerSecond: 0,
          connectsPerSecondPerPrefix: 0,
        },
      })
      let messages = 0
      server.onConnection = (connection) => {
        connection.onMessage = (channel, deliveryMode, data) => {
          messages += 1
          connection.send(channel, deliveryMode, data)
        }
      }
      const { port } = await server.listen()
      return {
        endpoint: { host, port, serverPublicKey: Buffer.from(key.publicKey).toString('hex') },
        messages: () => messages,
        close: () => server.close(),
      }
    },

    async connect({ host, port, serverPublicKey = '' }, onEcho): Promise<EchoClient> {
      const connection = await connectRudp({
        ...tuning,
        addresses: [{ host, port }],
        serverPublicKey: Buffer.from(serverPublicKey, 'hex'),
      })
      connection.onMessage = (_channel, _mode, data) => onEcho(data)
      connection.onClose = ({ code, reason }) => {
        console.error(`kaos-rudp connection closed: code ${code}, ${reason}`)
      }
      return {
        send(message) {
          const result = connection.send(CHANNEL, mode, message)
          if (result !== 'queued') throw new Error(`kaos-rudp send: ${result}`)
        },
        async close() {
          connection.close()
          await connection.closed
        },
      }
    },
  }
}
