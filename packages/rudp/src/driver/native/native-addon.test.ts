import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatagramBatch, HEADER_WORDS, HeaderWord, SLOT_BYTES } from '../../endpoint/datagram-batch.ts'
import { loadNativeAddon, type NativeAddon, type NativeSocket } from './native-addon.ts'

const { EBADF, EINVAL, EMSGSIZE } = constants.errno
const lookup = loadNativeAddon()
const reason = lookup.kind === 'loaded' ? '' : `: ${lookup.reason}`

/** The addon as any JavaScript may call it. */
type Untyped = Record<string, (...args: unknown[]) => unknown>

describe.skipIf(lookup.kind !== 'loaded')(`the native addon${reason}`, () => {
  const addon = (lookup as { addon: NativeAddon }).addon

  function open(onEvent: (events: number, error: number) => void = () => {}): NativeSocket {
    const socket = addon.open('127.0.0.1', 0, false, onEvent)
    if (typeof socket === 'number') throw new Error(`open: ${socket}`)
    return socket
  }

  const close = (socket: NativeSocket) => new Promise<void>((resolve) => socket.close(resolve))

  it('writes addresses as Node.js does, and reads what it wrote', () => {
    const headers = new Uint32Array(2 * HEADER_WORDS)
    for (const ip of ['0.0.0.0', '255.1.2.3', '::', '::1', '2001:db8::5', '::ffff:1.2.3.4', 'fe80::1%lo']) {
      expect(addon.parseAddress(ip, 65_535, ip.includes(':'), headers)).toBe(0)
      headers.copyWithin(HEADER_WORDS, 0, HEADER_WORDS)
      expect(addon.formatAddress(headers, 1)).toBe(ip)
      expect(headers[HeaderWord.Port]).toBe(65_535)
    }
    for (const ip of ['', '1.2.3', '::g', '1.2.3.4\0', 'localhost', '1'.repeat(1_000)]) {
      expect(addon.parseAddress(ip, 1, false, headers)).toBeLessThan(0)
      expect(addon.parseAddress(ip, 1, true, headers)).toBeLessThan(0)
    }
  })

  it('takes any arguments without harm', async () => {
    const socket = open()
    const batch = new DatagramBatch(4)
    const detached = new Uint8Array(8 * SLOT_BYTES)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    const argument = fc.oneof(
      fc.constantFrom<unknown>(undefined, null, true, Number.NaN, -1, 0, 1, 1.5, 5, 2 ** 32, 2 ** 53),
      fc.constantFrom<unknown>('127.0.0.1', '::1', '', 'x'.repeat(100_000), Symbol('s'), 7n, {}, () => {}),
      fc.constantFrom<unknown>(batch.buffer, batch.headers, batch.buffer.buffer, detached),
      fc.constantFrom<unknown>(new Uint8Array(0), new Uint8Array(SLOT_BYTES), new Uint8Array(SLOT_BYTES + 1)),
      fc.constantFrom<unknown>(
        new Uint32Array(0),
        new Uint32Array(7),
        new Uint32Array(9),
        new Uint8Array(99),
      ),
      fc.constantFrom<unknown>(
        new DataView(new ArrayBuffer(9)),
        new Uint8Array(new SharedArrayBuffer(5_000)),
      ),
    )
    const opened: NativeSocket[] = []
    const targets = [
      ...['open', 'openSockets', 'parseAddress', 'formatAddress'].map((name) => ({ of: addon, name })),
      ...['receive', 'send', 'connect', 'setBufferSizes', 'local', 'awaitWritable'].map((name) => ({
        of: socket,
        name,
      })),
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...targets),
        fc.array(argument, { maxLength: 5 }),
        fc.uint32Array({ minLength: 4 * HEADER_WORDS, maxLength: 4 * HEADER_WORDS }),
        ({ of, name }, args, headers) => {
          batch.headers.set(headers)
          try {
            const result = (of as unknown as Untyped)[name]?.(...args)
            if (name === 'open' && typeof result === 'object') opened.push(result as NativeSocket)
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError)
          }
        },
      ),
      { numRuns: 20_000 },
    )
    expect(() => (socket as unknown as Untyped).close?.(5)).toThrow(TypeError)
    await Promise.all([socket, ...opened].map(close))
  })

  it('sends nothing that the headers of a batch do not allow', async () => {
    const socket = open()
    const { buffer, headers } = new DatagramBatch(1)
    socket.local(headers)
    headers[HeaderWord.Length] = SLOT_BYTES + 1
    expect(socket.send(buffer, headers, 0, 1)).toBe(-EMSGSIZE)
    headers[HeaderWord.Length] = 1
    headers[HeaderWord.Port] = 65_536
    expect(socket.send(buffer, headers, 0, 1)).toBe(-EINVAL)
    headers[HeaderWord.Port] = 9
    headers[HeaderWord.Family] = 6
    expect(socket.send(buffer, headers, 0, 1)).toBe(-EINVAL)
    expect(() => socket.send(buffer, headers, 0, 2)).toThrow(TypeError)
    await close(socket)
  })

  it('does nothing on a closed socket, and counts it until it is gone', async () => {
    const before = addon.openSockets()
    const socket = open()
    expect(addon.openSockets()).toBe(before + 1)
    const closed = close(socket)
    const { buffer, headers } = new DatagramBatch(1)
    expect(socket.receive(buffer, headers)).toBe(-EBADF)
    expect(socket.send(buffer, headers, 0, 1)).toBe(-EBADF)
    expect(socket.connect('127.0.0.1', 9)).toBe(-EBADF)
    socket.awaitWritable()
    socket.close(() => expect.unreachable('was closed already'))
    await closed
    expect(addon.openSockets()).toBe(before)
  })

  it('tells of datagrams once until they are received, however many follow', async () => {
    let events = 0
    const socket = open(() => {
      events += 1
    })
    const sender = open()
    const { buffer, headers } = new DatagramBatch(8)
    socket.local(headers)
    headers[HeaderWord.Length] = 1
    const to = headers.slice()
    expect(sender.send(buffer, to, 0, 1)).toBe(1)
    while (events === 0) await new Promise((resolve) => setImmediate(resolve))
    for (let turn = 0; turn < 20; turn += 1) {
      sender.send(buffer, to, 0, 1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(events).toBe(1)
    expect(socket.receive(buffer, headers)).toBe(8)
    while (events === 1) await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([close(socket), close(sender)])
  })

  const path = Object.keys(createRequire(import.meta.url).cache).find((file) => file.endsWith('.node'))
  const busy = `
    const addon = require(${JSON.stringify(path)})
    const payload = new Uint8Array(9 * ${SLOT_BYTES}), headers = new Uint32Array(8 * ${HEADER_WORDS})
    const socket = addon.open('127.0.0.1', 0, false, () => onEvent())
    const send = () => { socket.local(headers); headers[0] = 1; socket.send(payload, headers, 0, 1) }
    const receive = () => socket.receive(payload, headers)`

  it('sends one by one where the path refuses segments of that size', ({ skip }) => {
    const code = `
      const addon = require(${JSON.stringify(path)})
      const payload = new Uint8Array(5 * ${SLOT_BYTES}), headers = new Uint32Array(4 * ${HEADER_WORDS})
      const receiver = addon.open('127.0.0.1', 0, false, () => {})
      const sender = addon.open('127.0.0.1', 0, false, () => {})
      receiver.local(headers)
      headers[0] = 1400
      for (const slot of [1, 2, 3]) headers.copyWithin(slot * ${HEADER_WORDS}, 0, ${HEADER_WORDS})
      const sent = sender.send(payload, headers, 0, 4)
      console.log(sent, receiver.receive(payload, headers), headers[0])
      process.exit(0)`
    // A network of its own, whose loopback device carries less than these datagrams have.
    const command = 'ip link set lo mtu 1300 up || exit 99; exec "$@"'
    const args = ['-rn', 'sh', '-c', command, 'sh', process.execPath, '-e', code]
    const { stdout, status, error } = spawnSync('unshare', args, { encoding: 'utf8' })
    if (error !== undefined || status === 99 || stdout === '') skip('no network namespace can be made here')
    expect(stdout.trim()).toBe('4 4 1400')
  })

  it('ends with its thread, also when that is stopped with sockets open and busy', async () => {
    const before = addon.openSockets()
    const code = `${busy}
      const { parentPort } = require('node:worker_threads')
      const onEvent = () => { receive(); send() }
      send()
      addon.open('127.0.0.1', 0, false, () => {}).close(() => {})
      parentPort.postMessage('running')`
    const workers = Array.from({ length: 4 }, () => new Worker(code, { eval: true }))
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
    await Promise.all(workers.map((worker) => worker.terminate()))
    expect(addon.openSockets()).toBe(before)
  })

  it.each([
    { how: 'exits with a socket open', end: 'process.exit(0)', status: 0, stderr: /^$/ },
    { how: 'closes in an event', end: 'socket.close(() => {})', status: 0, stderr: /^$/ },
    { how: 'throws in an event', end: "throw new Error('weather')", status: 1, stderr: /Error: weather/ },
    { how: 'exits while closing', end: 'socket.close(() => {}); process.exit(0)', status: 0, stderr: /^$/ },
    {
      how: 'throws when closed',
      end: "socket.close(() => { throw new Error('late') })",
      status: 1,
      stderr: /late/,
    },
  ])('a process that $how ends as it should', ({ end, status, stderr }) => {
    const code = `${busy}
      const onEvent = () => { ${end} }
      send()`
    const ended = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 10_000 })
    expect([ended.signal, ended.status]).toEqual([null, status])
    expect(ended.stderr).toMatch(stderr)
  })

  it('lets sockets that nobody closed go with the process, and functions outlive their socket', () => {
    const code = `
      const addon = require(${JSON.stringify(path)})
      let left = 500
      const functions = []
      for (let index = 0; index < 500; index += 1) {
        const { close, receive } = addon.open('127.0.0.1', 0, false, () => {})
        functions.push(receive)
        close(() => { left -= 1 })
      }
      setTimeout(() => {
        global.gc()
        const results = new Set(functions.map((receive) => receive(new Uint8Array(9e3), new Uint32Array(80))))
        console.log(left, [...results], addon.openSockets())
      }, 50)`
    const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', '-e', code], { encoding: 'utf8' })
    expect([status, stdout.trim()]).toEqual([0, `0 [ -${EBADF} ] 0`])
  })
})

describe('installing', () => {
  const script = fileURLToPath(new URL('../../../native/install.mjs', import.meta.url))

  it.each([{ env: { KAOSNET_NATIVE: '0' }, says: 'kaos-rudp: node:dgram will be used: KAOSNET_NATIVE=0' }])(
    'never fails, and says in a line what it did: $env',
    ({ env, says }) => {
      const ended = spawnSync(process.execPath, [script], {
        encoding: 'utf8',
        env: { ...process.env, ...env },
      })
      expect([ended.status, ended.stderr, ended.stdout.trim()]).toEqual([0, '', says])
    },
  )
})
