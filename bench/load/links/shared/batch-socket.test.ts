import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { DatagramBatch, SLOT_BYTES } from '@kaosnet/rudp'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { botAddress, botAddressNumber } from '../bot-address.ts'
import { type BatchAddon, loadBatchAddon } from './batch-addon.ts'
import { addressOf, NativeSharedSocket, setAddress } from './batch-socket.ts'

const folder = mkdtempSync(join(tmpdir(), 'kaosnet-batch-socket-'))
const lookup = loadBatchAddon({ folder })
const reason = lookup.kind === 'loaded' ? '' : `: ${lookup.reason}`

afterAll(() => rmSync(folder, { recursive: true }))

describe('loadBatchAddon', () => {
  it('says why there is none, instead of throwing', () => {
    const other = join(folder, 'other')
    expect(loadBatchAddon({ folder: other, compiler: 'no-such-compiler -O2' })).toEqual({
      kind: 'unavailable',
      reason:
        process.platform === 'linux' ? 'there is no C compiler (no-such-compiler -O2)' : 'it is for Linux',
    })
    expect(loadBatchAddon({ folder: other, compiler: 'false' })).toMatchObject({ kind: 'unavailable' })
  })
})

describe.skipIf(lookup.kind !== 'loaded')(`the batch socket${reason}`, () => {
  const addon = (lookup as { addon: BatchAddon }).addon
  let server: Socket
  let socket: NativeSharedSocket
  let readable: () => Promise<void>

  beforeEach(async () => {
    server = createSocket('udp4')
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
    socket = new NativeSharedSocket(addon, { ip: '127.0.0.1', port: server.address().port })
    readable = () =>
      new Promise((resolve) => {
        socket.onReadable = () => {
          socket.onReadable = undefined
          resolve()
        }
      })
  })
  afterEach(async () => {
    await socket.close()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })

  function batchOf(...datagrams: readonly (readonly [bot: number, text: string])[]): DatagramBatch {
    const batch = new DatagramBatch(64)
    for (const [bot, text] of datagrams) {
      batch.push(Buffer.from(text), '', 0)
      setAddress(batch, batch.count - 1, botAddressNumber(bot))
    }
    return batch
  }

  /** Gets so many datagrams at the server. */
  function arrivals(count: number): Promise<{ text: string; remote: RemoteInfo }[]> {
    const got: { text: string; remote: RemoteInfo }[] = []
    return new Promise((resolve) => {
      server.on('message', (data, remote) => {
        got.push({ text: data.toString(), remote })
        if (got.length === count) resolve(got)
      })
    })
  }

  it('is compiled once', () => {
    expect(loadBatchAddon({ folder, compiler: 'no-such-compiler' }).kind).toBe('loaded')
    expect(readdirSync(folder).filter((name) => name.endsWith('.node'))).toHaveLength(1)
  })

  it('sends each datagram of a batch from the address of its bot, all from one port', async () => {
    const got = arrivals(3)
    socket.send(batchOf([0, 'one'], [9_999, 'two'], [64, 'three']))
    const [one, two, three] = await got
    expect([one, two, three].map((entry) => [entry?.text, entry?.remote.address])).toEqual([
      ['one', botAddress(0)],
      ['two', botAddress(9_999)],
      ['three', botAddress(64)],
    ])
    expect(new Set([one, two, three].map((entry) => entry?.remote.port)).size).toBe(1)
    expect(socket.refused).toBe(0)
  })

  it('receives batches, and says which bot each datagram was for', async () => {
    const got = arrivals(1)
    socket.send(batchOf([7, 'hello']))
    const [{ remote }] = (await got) as unknown as [{ remote: RemoteInfo }]
    const arrived = readable()
    for (const [bot, text] of [
      [7, 'a'],
      [300, 'bb'],
      [7, ''],
    ] as const)
      await new Promise<void>((resolve) => server.send(text, remote.port, botAddress(bot), () => resolve()))
    await arrived
    const batch = new DatagramBatch(64)
    expect(socket.receive(batch)).toBe(3)
    expect([0, 1, 2].map((slot) => [addressOf(batch, slot), batch.lengthOf(slot)])).toEqual([
      [botAddressNumber(7), 1],
      [botAddressNumber(300), 2],
      [botAddressNumber(7), 0],
    ])
    expect(batch.buffer[batch.offsetOf(1)]).toBe('b'.charCodeAt(0))
    expect(socket.receive(batch)).toBe(0)
  })

  it('passes over what a stranger sent, and what does not fit', async () => {
    const got = arrivals(1)
    socket.send(batchOf([1, 'hello']))
    const [{ remote }] = (await got) as unknown as [{ remote: RemoteInfo }]
    const stranger = createSocket('udp4')
    const send = (from: Socket, data: string) =>
      new Promise<void>((resolve) => from.send(data, remote.port, botAddress(1), () => resolve()))
    const arrived = readable()
    await send(stranger, 'forged')
    await send(server, 'x'.repeat(SLOT_BYTES + 1))
    await send(server, 'x'.repeat(SLOT_BYTES))
    await arrived
    const batch = new DatagramBatch(8)
    expect(socket.receive(batch)).toBe(3)
    expect([0, 1, 2].map((slot) => batch.lengthOf(slot))).toEqual([0, 0, SLOT_BYTES])
    stranger.close()
  })

  it('counts what the system refuses to send, and sends the rest', async () => {
    const got = arrivals(2)
    const batch = batchOf([1, 'one'], [2, 'not from here'], [3, 'three'])
    // 192.0.2.1 is for documentation: no machine has it.
    setAddress(batch, 1, 0xc000_0201)
    socket.send(batch)
    expect((await got).map(({ text }) => text)).toEqual(['one', 'three'])
    expect(socket.refused).toBe(1)
  })

  it('counts what was lost because nobody received it', async () => {
    const got = arrivals(1)
    socket.send(batchOf([1, 'hello']))
    const [{ remote }] = (await got) as unknown as [{ remote: RemoteInfo }]
    expect(socket.dropped()).toBe(0)
    const data = Buffer.alloc(60_000)
    const count = Math.ceil(socket.receiveBufferBytes / data.length) + 1
    for (let sent = 0; sent < count; sent += 1)
      await new Promise<void>((resolve) => server.send(data, remote.port, botAddress(1), () => resolve()))
    expect(socket.dropped()).toBeGreaterThan(0)
    await socket.close()
    expect(socket.dropped()).toBeGreaterThan(0)
  })

  it('can be closed twice, and does nothing any more', async () => {
    await socket.close()
    await socket.close()
    const batch = batchOf([1, 'one'])
    socket.send(batch)
    expect([socket.refused, socket.receive(batch)]).toEqual([1, 0])
  })

  it('takes any arguments without harm', async () => {
    const native = addon.open('127.0.0.1', 9, 1_000, 1_000, () => {})
    if (typeof native === 'number') throw new Error(`open: ${native}`)
    const detached = new Uint8Array(4 * SLOT_BYTES)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    const batch = new DatagramBatch(2)
    const argument = fc.constantFrom<unknown>(
      ...[
        undefined,
        null,
        true,
        Number.NaN,
        -1,
        0,
        1,
        2,
        3,
        1.5,
        2 ** 32,
        'x'.repeat(1_000),
        '127.0.0.1',
        {},
      ],
      ...[detached, batch.buffer, batch.headers, batch.buffer.buffer, new Uint8Array(0), new Uint32Array(7)],
      ...[new Uint32Array(9), new Uint8Array(SLOT_BYTES), new Uint8Array(SLOT_BYTES + 1), () => {}],
    )
    const targets = [
      { of: addon, name: 'open' },
      ...['receive', 'send', 'dropped', 'receiveBufferBytes'].map((name) => ({ of: native, name })),
    ]
    const opened: { close(onClosed: () => void): void }[] = [native]
    fc.assert(
      fc.property(
        fc.constantFrom(...targets),
        fc.array(argument, { maxLength: 6 }),
        fc.uint32Array({ minLength: 16, maxLength: 16 }),
        ({ of, name }, args, headers) => {
          batch.headers.set(headers)
          try {
            const result = (of as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args)
            if (typeof result === 'object' && result !== null) opened.push(result as (typeof opened)[number])
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError)
          }
        },
      ),
      { numRuns: 2_000 },
    )
    for (const one of opened) await new Promise<void>((resolve) => one.close(resolve))
  })

  it('does not keep a thread from ending', async () => {
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.node')) as string)
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       require(${JSON.stringify(file)}).open('127.0.0.1', 9, 1000, 1000, () => {})
       parentPort.postMessage('open')`,
      { eval: true },
    )
    await new Promise((resolve) => worker.once('message', resolve))
    expect(await worker.terminate()).toBe(1)
  })
})
