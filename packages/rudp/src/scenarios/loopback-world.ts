import { type ConnectOptions, connectRudp } from '../driver/connect-rudp.ts'
import type { RudpClientConnection } from '../driver/client-connection.ts'
import type { DriverChoice } from '../driver/open-datagram-socket.ts'
import { RudpServer, type RudpServerOptions } from '../driver/rudp-server.ts'
import { generateServerKey } from '../crypto/server-key.ts'
import type { RudpConnection } from '../endpoint/rudp-connection.ts'

/** A server and clients on real sockets of this machine; `close` ends them all. */
export class LoopbackWorld {
  readonly key = generateServerKey()
  readonly server: RudpServer
  readonly peers: RudpConnection[] = []
  readonly clients: RudpClientConnection[] = []
  readonly #driver: DriverChoice

  constructor(options: Partial<RudpServerOptions> = {}) {
    this.#driver = options.driver ?? 'auto'
    this.server = new RudpServer({ host: '127.0.0.1', serverKey: this.key.privateKey, ...options })
    this.server.onConnection = (peer) => {
      this.peers.push(peer)
      peer.onMessage = (channel, mode, data) => peer.send(channel, mode, data)
    }
  }

  async connect(options: Partial<ConnectOptions> = {}): Promise<RudpClientConnection> {
    const client = await connectRudp({
      driver: this.#driver,
      addresses: [{ host: '127.0.0.1', port: this.server.address.port }],
      serverPublicKey: this.key.publicKey,
      ...options,
    })
    this.clients.push(client)
    return client
  }

  async close(): Promise<void> {
    await this.server.close()
    for (const client of this.clients) client.close()
    await Promise.all(this.clients.map((client) => client.closed))
  }
}

/** Waits for something that datagrams or timers bring about; the test's time limit bounds it. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1))
}
