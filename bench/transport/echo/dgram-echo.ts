import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { EchoClient, EchoHandler, EchoServer, EchoTransport } from './echo-transport.ts'

const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024

/** Bare `node:dgram`: no reliability, no encryption, no connection. The ceiling for anything built upon it. */
export const dgramEcho: EchoTransport = {
  isReliable: false,

  async listen(host): Promise<EchoServer> {
    const socket = await openSocket(host)
    let messages = 0
    socket.on('message', (message, remote) => {
      messages += 1
      socket.send(message, remote.port, remote.address)
    })
    return {
      endpoint: { host, port: socket.address().port },
      messages: () => messages,
      close: () => closeSocket(socket),
    }
  },

  async connect(endpoint, onEcho: EchoHandler): Promise<EchoClient> {
    const socket = await openSocket('0.0.0.0')
    const connected = once(socket, 'connect')
    socket.connect(endpoint.port, endpoint.host)
    await connected
    socket.on('message', onEcho)
    return {
      // The generator writes the next message into the same bytes, and dgram sends later when it must wait.
      send: (message) => socket.send(message.slice()),
      close: () => closeSocket(socket),
    }
  },
}

async function openSocket(host: string): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    // Without this every send to a numeric address goes through the machinery of dns.lookup.
    lookup: (hostname, _options, callback) => callback(null, hostname, 4),
  })
  // With a lookup that answers at once, so do bind and connect: listen for their events first.
  const listening = once(socket, 'listening')
  socket.bind(0, host)
  await listening
  socket.setRecvBufferSize(SOCKET_BUFFER_BYTES)
  socket.setSendBufferSize(SOCKET_BUFFER_BYTES)
  return socket
}

async function closeSocket(socket: Socket): Promise<void> {
  const closed = once(socket, 'close')
  socket.close()
  await closed
}
