import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import { type DatagramBatch, SLOT_BYTES } from '../endpoint/datagram-batch.ts'
import { NodeDgramSocket } from './node-dgram-socket.ts'

const options = {
  host: '127.0.0.1',
  port: 0,
  receiveBufferBytes: 1 << 20,
  sendBufferBytes: 1 << 20,
  batchSize: 8,
}
const open: NodeDgramSocket[] = []
afterEach(() => Promise.all(open.splice(0).map((socket) => socket.close())))

async function bind(
  changes: Partial<Parameters<typeof NodeDgramSocket.bind>[0]> = {},
): Promise<NodeDgramSocket> {
  const socket = await NodeDgramSocket.bind({ ...options, ...changes })
  open.push(socket)
  return socket
}

/** Collects copies of what arrives until there are `count`. */
function receive(socket: NodeDgramSocket, count: number): Promise<{ bytes: number[]; from: string }[]> {
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

describe('a dgram socket', () => {
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
    const gone = createSocket('udp4')
    await new Promise<void>((resolve) => gone.bind(0, '127.0.0.1', resolve))
    const peer = { ip: '127.0.0.1', port: gone.address().port }
    await new Promise<void>((resolve) => gone.close(resolve))
    const client = await bind({ peer })
    const reported = new Promise<string>((resolve) => {
      client.onError = resolve
    })
    client.send(fill(client.acquire(), [[1]], peer))
    expect(await reported).toBe('ECONNREFUSED')
  })

  it('counts datagrams larger than a slot instead of cutting them', async () => {
    const server = await bind()
    const big = createSocket('udp4')
    const arrived = receive(server, 1)
    big.send(new Uint8Array(SLOT_BYTES + 1), server.local.port, '127.0.0.1')
    big.send(Uint8Array.of(7), server.local.port, '127.0.0.1')
    expect((await arrived).map(({ bytes }) => bytes)).toEqual([[7]])
    expect(server.stats.oversized).toBe(1)
    await new Promise<void>((resolve) => big.close(resolve))
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
    expect((await arrived)[0]!.from).toContain('::1')
  })
})
