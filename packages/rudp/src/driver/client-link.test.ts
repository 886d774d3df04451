import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LoopbackWorld, until } from '../scenarios/loopback-world.ts'
import type { RudpClientConnection } from './client-connection.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { NativeDatagramSocket } from './native/native-datagram-socket.ts'
import { NodeDgramSocket } from './node-dgram-socket.ts'
import { openDatagramSocket } from './open-datagram-socket.ts'
import { DRIVERS } from './testing/drivers.ts'

const SOCKET = {
  host: '0.0.0.0',
  port: 0,
  receiveBufferBytes: 1 << 20,
  sendBufferBytes: 1 << 20,
  batchSize: 8,
}

async function echo(client: RudpClientConnection): Promise<void> {
  const echoed = new Promise<void>((resolve) => {
    client.onMessage = () => resolve()
  })
  client.send(0, 'reliable-ordered', Uint8Array.of(1))
  await echoed
}

describe.each(DRIVERS)('a client’s link over the driver $driver', ({ driver, missing }) => {
  let world: LoopbackWorld
  beforeEach(({ skip }) => skip(missing !== undefined, missing))
  beforeEach(async () => {
    world = new LoopbackWorld({ driver })
    await world.server.listen()
  })
  afterEach(() => world.close())

  /** Opens real sockets and keeps them, each seeming to have a local address of our choice. */
  function sockets(localIp: string) {
    const opened: DatagramSocket[] = []
    const openSocket = async (peer: { ip: string; port: number }) => {
      const socket = await openDatagramSocket({ ...SOCKET, peer }, driver)
      vi.spyOn(socket, 'local', 'get').mockReturnValue({ ip: localIp, port: socket.local.port })
      opened.push(socket)
      return socket
    }
    return { opened, openSocket }
  }

  /** Keeps the server from answering until the client calls it unstable. */
  async function fallSilent(client: { onUnstable: (() => void) | undefined }): Promise<void> {
    const { prototype } = { node: NodeDgramSocket, native: NativeDatagramSocket }[driver]
    const driven = vi.spyOn(prototype, 'drain').mockImplementation(() => {})
    await new Promise<void>((resolve) => {
      client.onUnstable = resolve
    })
    driven.mockRestore()
  }

  it('goes on from a new socket when the system reports the network gone', async () => {
    const { opened, openSocket } = sockets('127.0.0.1')
    const client = await world.connect({ openSocket })
    await until(() => world.peers.length === 1)
    opened[0]?.onError?.('ENETUNREACH')
    opened[0]?.onError?.('ENETUNREACH')
    const moved = new Promise((resolve) => {
      world.peers[0]!.onAddressChanged = resolve
    })
    expect(await moved).toMatchObject({ port: opened[1]?.local.port })
    expect(client.state).toBe('open')
    expect(opened).toHaveLength(2)
  })

  it('takes no error of a connected socket for a changed network', async () => {
    const { opened, openSocket } = sockets('127.0.0.1')
    const client = await world.connect({ openSocket })
    opened[0]?.onError?.('ECONNREFUSED')
    await echo(client)
    expect(opened).toHaveLength(1)
    expect(client.state).toBe('open')
  })

  it.each([
    { localIp: '203.0.113.77', sockets: 2, rebinds: 'rebinds when silence falls and its address is gone' },
    {
      localIp: '127.0.0.1',
      sockets: 1,
      rebinds: 'stays where it is when silence falls and its address is there',
    },
  ])('$rebinds', async ({ localIp, sockets: count }) => {
    const { opened, openSocket } = sockets(localIp)
    const client = await world.connect({ openSocket, liveness: { unstableAfterMs: 50 } })
    await fallSilent(client)
    await until(() => opened.length === count)
    await echo(client)
    expect(opened).toHaveLength(count)
  })

  it('lets go of its socket when connecting fails', async () => {
    const { opened, openSocket } = sockets('127.0.0.1')
    await expect(world.connect({ openSocket, protocol: 'other' })).rejects.toMatchObject({ code: 'DENIED' })
    expect(opened).toHaveLength(1)
    opened[0]?.send(opened[0].acquire())
    expect(opened[0]?.onReceive).toBeUndefined()
  })
})
