import { createSocket } from 'node:dgram'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatagramBatch, SLOT_BYTES } from '../endpoint/datagram-batch.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { openDatagramSocket } from './open-datagram-socket.ts'
import type { SocketOptions } from './socket-options.ts'
import { DRIVERS, openUdpHandles } from './testing/drivers.ts'

const options = {
  host: '127.0.0.1',
  port: 0,
  receiveBufferBytes: 1 << 20,
  sendBufferBytes: 1 << 20,
  batchSize: 8,
}
/** Collects copies of what arrives until there are `count`. */
function receive(socket: DatagramSocket, count: number): Promise<{ bytes: number[]; from: string }[]> {
  const received: { bytes: number[]; from: string }[] = []
  socket.onReadable = () => setImmediate(() => socket.drain())
  return new Promise((resolve) => {
    socket.onReceive = (batch) => {
      for (let slot = 0; slot < batch.count; slot += 1) {
        const offset = batch.offsetOf(slot)
        const bytes = [...batch.buffer.subarray(offset, offset + batch.lengthOf(slot))]
        received.push({ bytes, from: `${batch.ipOf(slot)}:${batch.portOf(slot)}` })
      }
      if (received.length >= count) resolve(received)
    }
  })
}

function fill(
  batch: DatagramBatch,
  datagrams: readonly number[][],
  to: { ip: string; port: number },
): DatagramBatch {
  for (const datagram of datagrams) {
    batch.buffer.set(datagram)
    batch.commit(datagram.length, to)
  }
  return batch
}

/** A closed socket's handle goes with the event loop's next turn. */
async function untilClosed(): Promise<void> {
  while (openUdpHandles() > 0) await new Promise((resolve) => setImmediate(resolve))
}

async function closeDgram(socket: ReturnType<typeof createSocket>): Promise<void> {
  await new Promise<void>((resolve) => socket.close(resolve))
}

describe.each(DRIVERS)('a datagram socket of the driver $driver', ({ driver, missing }) => {
  const open: DatagramSocket[] = []
  beforeEach(({ skip }) => skip(missing !== undefined, missing))
  afterEach(() => Promise.all(open.splice(0).map((socket) => socket.close())))

  async function bind(changes: Partial<SocketOptions> = {}): Promise<DatagramSocket> {
    const socket = await openDatagramSocket({ ...options, ...changes }, driver)
    open.push(socket)
    return socket
  }

  it('says what it is', async () => {
    expect((await bind()).driverName).toBe({ node: 'node:dgram', native: 'native' }[driver])
  })

  it('carries batches there and back, connected or not', async () => {
    const server = await bind()
    const client = await bind({ peer: server.local })
    const asked = receive(server, 3)
    client.send(fill(client.acquire(), [[1], [2, 2], [3, 3, 3]], server.local))
    const questions = await asked
    expect(questions.map(({ bytes }) => bytes)).toEqual([[1], [2, 2], [3, 3, 3]])
    const port = Number(questions[0]!.from.split(':').at(-1))
    expect(port).toBe(client.local.port)
    const answered = receive(client, 2)
    server.send(fill(server.acquire(), [[4], [5]], { ip: '127.0.0.1', port }))
    expect((await answered).map(({ bytes }) => bytes)).toEqual([[4], [5]])
    expect(server.stats).toMatchObject({ receivedDatagrams: 3, sentDatagrams: 2 })
  })

  it('delivers more than a batch holds in several batches, and loses none', async () => {
    const server = await bind()
    const client = await bind({ peer: server.local })
    const all = receive(server, 40)
    for (let round = 0; round < 5; round += 1) {
      const datagrams = Array.from({ length: 8 }, (_, index) => [round, index])
      client.send(fill(client.acquire(), datagrams, server.local))
    }
    expect(await all).toHaveLength(40)
  })

  it('gives empty batches to fill, also while earlier ones are under way', async () => {
    const server = await bind()
    const client = await bind({ peer: server.local })
    const arrived = receive(server, 3)
    for (let count = 0; count < 3; count += 1) {
      const batch = client.acquire()
      expect(batch.count).toBe(0)
      client.send(fill(batch, [[count]], server.local))
    }
    expect((await arrived).map(({ bytes }) => bytes)).toEqual([[0], [1], [2]])
  })

  it('counts what the system refuses to send, and goes on', async () => {
    const socket = await bind()
    const errors: string[] = []
    const reported = new Promise<void>((resolve) => {
      socket.onError = (code) => {
        errors.push(code)
        resolve()
      }
    })
    // Nobody may send to the limited broadcast address without asking for it first.
    socket.send(fill(socket.acquire(), [[1]], { ip: '255.255.255.255', port: 9 }))
    await reported
    expect(errors).toEqual(['EACCES'])
    expect(socket.stats.sendErrors).toEqual({ EACCES: 1 })
  })

  it('reports that nobody listens, when connected to one address', async () => {
    const gone = await bind()
    await gone.close()
    const client = await bind({ peer: gone.local })
    const reported = new Promise<string>((resolve) => {
      client.onError = resolve
    })
    client.send(fill(client.acquire(), [[1]], gone.local))
    expect(await reported).toBe('ECONNREFUSED')
  })

  it('counts datagrams larger than a slot instead of cutting them, up to the largest there are', async () => {
    const server = await bind()
    const big = createSocket('udp4')
    const arrived = receive(server, 3)
    const { port } = server.local
    big.send(Uint8Array.of(7), port, '127.0.0.1')
    big.send(new Uint8Array(SLOT_BYTES + 1), port, '127.0.0.1')
    big.send(Uint8Array.of(8), port, '127.0.0.1')
    big.send(new Uint8Array(65_507), port, '127.0.0.1')
    big.send(Uint8Array.of(9), port, '127.0.0.1')
    expect((await arrived).map(({ bytes }) => bytes)).toEqual([[7], [8], [9]])
    expect(server.stats).toMatchObject({ receivedDatagrams: 5, oversized: 2 })
    await closeDgram(big)
  })

  it('carries empty datagrams, and those that fill a slot', async () => {
    const server = await bind()
    const client = await bind({ peer: server.local })
    const arrived = receive(server, 3)
    const whole = Array.from({ length: SLOT_BYTES }, (_, index) => index & 0xff)
    client.send(fill(client.acquire(), [[], whole, [1]], server.local))
    expect((await arrived).map(({ bytes }) => bytes)).toEqual([[], whole, [1]])
  })

  it('keeps datagrams apart and in order, whatever their sizes and however many go to one address', async () => {
    const servers = await Promise.all([bind({ batchSize: 64 }), bind({ batchSize: 64 })])
    const client = await bind({ batchSize: 128 })
    const sizes = [
      9,
      9,
      9,
      4,
      9,
      9,
      0,
      0,
      9,
      4,
      4,
      1_400,
      1_400,
      1_400,
      1_399,
      1_400,
      ...Array(40).fill(1_500),
    ]
    const arrived = servers.map((server) => receive(server, sizes.length))
    const batch = client.acquire()
    for (const [index, bytes] of sizes.entries()) fill(batch, [Array(bytes).fill(index)], servers[0]!.local)
    for (const [index, bytes] of sizes.entries()) fill(batch, [Array(bytes).fill(index)], servers[1]!.local)
    client.send(batch)
    const expected = sizes.map((bytes, index) => Array(bytes).fill(index))
    for (const datagrams of await Promise.all(arrived)) {
      expect(datagrams.map(({ bytes }) => bytes)).toEqual(expected)
    }
    expect(client.stats).toMatchObject({ sentDatagrams: 2 * sizes.length, sendErrors: {} })
  })

  it('counts what cannot be an address, and sends the rest', async () => {
    const server = await bind()
    const client = await bind()
    const arrived = receive(server, 2)
    const batch = fill(client.acquire(), [[1]], server.local)
    fill(batch, [[2]], { ip: '::1', port: 9 })
    client.send(fill(batch, [[3]], server.local))
    expect((await arrived).map(({ bytes }) => bytes)).toEqual([[1], [3]])
    expect(client.stats.sendErrors).toEqual({ EINVAL: 1 })
  })

  it('says which port is taken, as the system does', async () => {
    const { port } = (await bind()).local
    await expect(bind({ port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'bind',
      port,
      message: `bind EADDRINUSE 127.0.0.1:${port}`,
    })
    await expect(bind({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
  })

  it('drops what nobody wants, and does not keep the event loop busy with it', async () => {
    const server = await bind()
    const client = await bind({ peer: server.local })
    client.send(fill(client.acquire(), [[1], [2]], server.local))
    while (server.stats.receivedDatagrams < 2) await new Promise((resolve) => setImmediate(resolve))
    const arrived = receive(server, 1)
    client.send(fill(client.acquire(), [[3]], server.local))
    expect((await arrived).map(({ bytes }) => bytes)).toEqual([[3]])
  })

  it('can be closed from within each of its callbacks', async () => {
    for (const callback of ['onReadable', 'onReceive', 'onError'] as const) {
      const peer = await bind()
      const socket = await bind({ peer: peer.local })
      socket.onReadable = () => socket.drain()
      const closed = new Promise<void>((resolve) => {
        socket[callback] = () => resolve(socket.close())
      })
      if (callback === 'onError') {
        await peer.close()
        socket.send(fill(socket.acquire(), [[1]], peer.local))
      } else {
        peer.send(fill(peer.acquire(), [[1]], socket.local))
      }
      await closed
    }
  })

  it('leaves no handle behind', async () => {
    await untilClosed()
    const sockets = await Promise.all(Array.from({ length: 20 }, () => bind()))
    expect(openUdpHandles()).toBe(20)
    await Promise.all(sockets.map((socket) => socket.close()))
    await untilClosed()
  })

  it('can be closed twice, and takes what is sent afterwards without harm', async () => {
    const socket = await bind()
    await Promise.all([socket.close(), socket.close()])
    expect(() => socket.send(fill(socket.acquire(), [[1]], { ip: '127.0.0.1', port: 9 }))).not.toThrow()
    expect(socket.stats.sentDatagrams).toBe(0)
  })

  it('speaks IPv6 where there is IPv6', async ({ skip }) => {
    const server = await bind({ host: '::1' }).catch(() => skip())
    const client = await bind({ host: '::', peer: server.local })
    const arrived = receive(server, 1)
    client.send(fill(client.acquire(), [[6]], server.local))
    const { from } = (await arrived)[0]!
    expect(from).toBe(`::1:${client.local.port}`)
    const answered = receive(client, 1)
    server.send(fill(server.acquire(), [[7]], { ip: '::1', port: client.local.port }))
    expect((await answered).map(({ bytes }) => bytes)).toEqual([[7]])
  })

  it('answers IPv4 from an IPv6 socket, where the system has both in one', async ({ skip }) => {
    const server = await bind({ host: '::' }).catch(() => skip())
    const client = await bind({ peer: { ip: '127.0.0.1', port: server.local.port } })
    const arrived = receive(server, 1)
    client.send(fill(client.acquire(), [[4]], client.local))
    const mapped = { ip: '::ffff:127.0.0.1', port: client.local.port }
    expect((await arrived)[0]!.from).toBe(`${mapped.ip}:${mapped.port}`)
    const answered = receive(client, 1)
    server.send(fill(server.acquire(), [[5]], mapped))
    expect((await answered).map(({ bytes }) => bytes)).toEqual([[5]])
  })
})
