import type { Address, DatagramBatch } from '@kaosnet/rudp'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { botAddressNumber } from '../bot-address.ts'
import { addressOf, type BatchSocket, setAddress } from './batch-socket.ts'
import { SharedDriver, type SharedEndpoint } from './shared-driver.ts'

const server: Address = { ip: '127.0.0.1', port: 7_350 }
const FIRST_BOT = 100
const BOTS = 1_000

/** What a bot's endpoint would do, written down, and what it shall say. */
class FakeEndpoint implements SharedEndpoint {
  onWake: (() => void) | undefined
  isDrained = false
  deadlineMs = Number.POSITIVE_INFINITY
  toSend = 0
  readonly calls: string[] = []
  readonly #name: number

  constructor(name: number) {
    this.#name = name
  }

  handleDatagram(buffer: Uint8Array, offset: number, length: number, remote: Address, nowMs: number): void {
    this.calls.push(`in ${buffer[offset]}/${length} of ${remote.port} at ${nowMs}`)
  }

  pollDatagrams(batch: DatagramBatch): boolean {
    while (this.toSend > 0) {
      if (batch.isFull) return true
      batch.buffer[0] = this.#name
      batch.commit(1, server)
      this.toSend -= 1
    }
    return false
  }

  nextDeadlineMs(): number {
    return this.deadlineMs
  }

  handleTimeout(nowMs: number): void {
    this.calls.push(`timeout at ${nowMs}`)
    this.deadlineMs = Number.POSITIVE_INFINITY
  }
}

/** A socket that holds what arrives until it is received, and remembers what was sent: batches of [bot, first byte]. */
class FakeSocket implements BatchSocket {
  onReadable: (() => void) | undefined
  refused = 0
  isClosed = false
  readonly sent: [address: number, byte: number][][] = []
  readonly #arrived: { address: number; bytes: Uint8Array }[] = []

  arrive(address: number, ...bytes: readonly number[]): void {
    this.#arrived.push({ address, bytes: Uint8Array.from(bytes) })
  }

  dropped(): number {
    return 0
  }

  receive(batch: DatagramBatch): number {
    const filled = this.#arrived.splice(0, batch.capacity)
    for (const [slot, { address, bytes }] of filled.entries()) {
      batch.buffer.set(bytes, batch.offsetOf(slot))
      batch.headers[slot * 8] = bytes.length
      setAddress(batch, slot, address)
    }
    return filled.length
  }

  send(batch: DatagramBatch): void {
    this.sent.push(
      Array.from({ length: batch.count }, (_, slot) => [
        addressOf(batch, slot),
        batch.buffer[batch.offsetOf(slot)] as number,
      ]),
    )
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

function rig(bots: readonly number[]) {
  const socket = new FakeSocket()
  const driver = new SharedDriver({
    socket,
    server,
    firstBot: FIRST_BOT,
    bots: BOTS,
    clock: () => Date.now(),
  })
  const endpoints = bots.map((bot) => {
    const endpoint = new FakeEndpoint(bot % 256)
    driver.add(bot, endpoint)
    return endpoint
  })
  return { socket, driver, endpoints }
}

describe('SharedDriver', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('hands each datagram to the bot whose address it was sent to', async () => {
    const { socket, endpoints } = rig([100, 101, 250])
    await vi.runAllTimersAsync()
    socket.arrive(botAddressNumber(250), 7, 7)
    socket.arrive(botAddressNumber(101), 8)
    socket.arrive(botAddressNumber(250), 9)
    socket.onReadable?.()
    expect(endpoints.map(({ calls }) => calls.length)).toEqual([0, 0, 0])
    await vi.runAllTimersAsync()
    expect(endpoints.map(({ calls }) => calls)).toEqual([
      [],
      ['in 8/1 of 7350 at 1000'],
      ['in 7/2 of 7350 at 1000', 'in 9/1 of 7350 at 1000'],
    ])
  })

  it('counts what is nobody’s: other addresses, bots that are not there, and what the socket passes over', async () => {
    const { socket, driver, endpoints } = rig([100])
    for (const address of [0x0a00_0001, 0x7f00_0001, 0, botAddressNumber(99), botAddressNumber(101)])
      socket.arrive(address, 1)
    socket.arrive(botAddressNumber(FIRST_BOT + BOTS), 1)
    socket.arrive(botAddressNumber(100))
    await vi.runAllTimersAsync()
    expect(endpoints[0]?.calls).toEqual([])
    expect(driver.strays).toBe(7)
  })

  it('sends what all bots say in one turn together, each from its address', async () => {
    const { socket, endpoints } = rig([100, 101, 102])
    await vi.runAllTimersAsync()
    for (const [index, endpoint] of endpoints.entries()) {
      endpoint.toSend = index
      endpoint.onWake?.()
      endpoint.onWake?.()
    }
    await vi.runAllTimersAsync()
    expect(socket.sent).toEqual([
      [
        [botAddressNumber(101), 101],
        [botAddressNumber(102), 102],
        [botAddressNumber(102), 102],
      ],
    ])
  })

  it('fills batch after batch when there is more, and loses nothing at their borders', async () => {
    const { socket, endpoints } = rig([100, 101])
    for (const endpoint of endpoints) endpoint.toSend = 50
    await vi.runAllTimersAsync()
    expect(socket.sent.map((batch) => batch.length)).toEqual([32, 32, 32, 4])
    const bytes = socket.sent.flat().map(([, byte]) => byte)
    expect(bytes).toEqual([...new Array(50).fill(100), ...new Array(50).fill(101)])
    for (const [address, byte] of socket.sent.flat()) expect(address).toBe(botAddressNumber(byte))
  })

  it('looks at what has arrived between the sends of a crowd', async () => {
    const bots = Array.from({ length: BOTS }, (_, index) => FIRST_BOT + index)
    const { socket, endpoints } = rig(bots)
    await vi.runAllTimersAsync()
    for (const endpoint of endpoints) {
      endpoint.toSend = 1
      endpoint.onWake?.()
    }
    const last = endpoints[BOTS - 1] as FakeEndpoint
    let sentBefore: number | undefined
    last.handleDatagram = () => {
      sentBefore ??= socket.sent.flat().length
    }
    // Arrives while the first half of the crowd is sending.
    const send = socket.send.bind(socket)
    socket.send = (batch) => {
      if (socket.sent.length === 0) socket.arrive(botAddressNumber(FIRST_BOT + BOTS - 1), 5)
      send(batch)
    }
    await vi.runAllTimersAsync()
    expect(sentBefore).toBeLessThan(BOTS)
    expect(socket.sent.flat()).toHaveLength(BOTS)
  })

  it('serves deadlines of many bots, not before they have come', async () => {
    const { endpoints } = rig([100, 101, 102])
    const [early, late, never] = endpoints as [FakeEndpoint, FakeEndpoint, FakeEndpoint]
    early.deadlineMs = 1_050
    late.deadlineMs = 1_500
    await vi.advanceTimersByTimeAsync(49)
    expect(early.calls).toEqual([])
    await vi.advanceTimersByTimeAsync(6)
    expect(early.calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(440)
    expect(late.calls).toEqual([])
    await vi.advanceTimersByTimeAsync(500)
    expect([early, late, never].map(({ calls }) => calls.length)).toEqual([1, 1, 0])
  })

  it('follows a deadline that comes nearer with a datagram, and handles the datagram first', async () => {
    const { socket, endpoints } = rig([100])
    const [endpoint] = endpoints as [FakeEndpoint]
    endpoint.deadlineMs = 9_000
    await vi.advanceTimersByTimeAsync(10)
    endpoint.deadlineMs = 1_030
    vi.setSystemTime(1_100)
    socket.arrive(botAddressNumber(100), 3)
    socket.onReadable?.()
    await vi.advanceTimersByTimeAsync(8)
    expect(endpoint.calls).toEqual(['in 3/1 of 7350 at 1100', expect.stringMatching(/^timeout at 11/)])
  })

  it('lets go of a bot that is drained, and takes another in its place', async () => {
    const { socket, driver, endpoints } = rig([100])
    const [endpoint] = endpoints as [FakeEndpoint]
    await vi.runAllTimersAsync()
    expect(() => driver.add(100, new FakeEndpoint(1))).toThrow('bot 100 has an endpoint')
    endpoint.isDrained = true
    endpoint.onWake?.()
    await vi.runAllTimersAsync()
    expect(endpoint.onWake).toBeUndefined()
    socket.arrive(botAddressNumber(100), 1)
    socket.onReadable?.()
    await vi.runAllTimersAsync()
    expect(endpoint.calls).toEqual([])
    expect(() => driver.add(100, new FakeEndpoint(1))).not.toThrow()
    expect(() => driver.add(99, new FakeEndpoint(1))).toThrow('bot 99 is not one of these')
  })

  it('says farewell when it is closed, and leaves nothing behind', async () => {
    const { socket, driver, endpoints } = rig([100, 101])
    const [endpoint] = endpoints as [FakeEndpoint]
    endpoint.deadlineMs = 5_000
    await vi.advanceTimersByTimeAsync(10)
    endpoint.toSend = 1
    endpoint.onWake?.()
    await driver.close()
    await driver.close()
    expect(socket.sent).toEqual([[[botAddressNumber(100), 100]]])
    expect(socket.isClosed).toBe(true)
    expect(socket.onReadable).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })
})
