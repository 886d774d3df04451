import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { EchoClient, EchoServer, EchoTransport } from './echo-transport.ts'

/** WebSocket over TCP as a game server would set it up: binary messages, no compression, no Nagle delay. */
export const wsEcho: EchoTransport = {
  isReliable: true,

  async listen(host): Promise<EchoServer> {
    const server = new WebSocketServer({ host, port: 0, perMessageDeflate: false, backlog: 1024 })
    let messages = 0
    server.on('connection', (socket) => {
      socket.on('message', (message: RawData) => {
        messages += 1
        socket.send(message as Buffer)
      })
    })
    await once(server, 'listening')
    return {
      endpoint: { host, port: (server.address() as AddressInfo).port },
      messages: () => messages,
      async close() {
        for (const client of server.clients) client.terminate()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  },

  async connect({ host, port }, onEcho): Promise<EchoClient> {
    const socket = new WebSocket(`ws://${host}:${port}`, { perMessageDeflate: false })
    socket.on('message', (message: RawData) => onEcho(message as Buffer))
    await once(socket, 'open')
    return {
      // A client masks what it sends in place unless told to copy, so give it bytes of its own.
      send: (message) => socket.send(message.slice()),
      async close() {
        if (socket.readyState === WebSocket.CLOSED) return
        socket.terminate()
        await once(socket, 'close')
      },
    }
  },
}
