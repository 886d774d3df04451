import { isIPv6 } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import type { Address } from '../../endpoint/address.ts'
import { DatagramBatch, HEADER_WORDS, HeaderWord } from '../../endpoint/datagram-batch.ts'
import type { DatagramSocket } from '../datagram-socket.ts'
import { MAX_WAITING_BATCHES, type SocketOptions } from '../socket-options.ts'
import { countError, createSocketStats, type SocketStats } from '../socket-stats.ts'
import { AddressBook } from './address-book.ts'
import { type NativeAddon, NativeEvent, type NativeSocket } from './native-addon.ts'

const { EAGAIN } = constants.errno
/** Room for the addresses of more peers than a server has. */
const ADDRESS_BUCKETS = 8_192

/**
 * The datagram socket of Linux with the addon: a system call per batch in each direction, and one call into
 * JavaScript for all that has arrived.
 */
export class NativeDatagramSocket implements DatagramSocket {
  readonly driverName = 'native'
  onReadable: (() => void) | undefined
  onReceive: ((batch: DatagramBatch) => void) | undefined
  onError: ((code: string) => void) | undefined
  readonly stats: SocketStats = createSocketStats()
  readonly #socket: NativeSocket
  readonly #addresses: AddressBook
  readonly #isConnected: boolean
  readonly #batchSize: number
  readonly #received: DatagramBatch
  readonly #free: DatagramBatch[] = []
  /** What the system had no room for, the oldest first, and how much of that was sent. */
  readonly #waiting: DatagramBatch[] = []
  #sentOfFirst = 0
  #local: Address = { ip: '', port: 0 }
  #closed: Promise<void> | undefined

  /**
   * Opens and binds a socket.
   * @throws the system's error (`EADDRINUSE`, `EACCES`, …) when it cannot be bound
   */
  static async bind(options: SocketOptions, addon: NativeAddon): Promise<NativeDatagramSocket> {
    return new NativeDatagramSocket(options, addon)
  }

  private constructor(options: SocketOptions, addon: NativeAddon) {
    const { host, port, peer, batchSize } = options
    const wantsIPv6 = isIPv6(peer?.ip ?? host)
    const socket = addon.open(host, port, wantsIPv6, (events, error) => this.#handleEvent(events, error))
    if (typeof socket === 'number') throw systemError('bind', socket, host, port)
    this.#socket = socket
    this.#addresses = new AddressBook(addon, wantsIPv6, peer === undefined ? ADDRESS_BUCKETS : 1)
    this.#isConnected = peer !== undefined
    this.#batchSize = batchSize
    this.#received = new DatagramBatch(batchSize)
    // The system's own sizes serve as well, only with less room for bursts.
    socket.setBufferSizes(options.receiveBufferBytes, options.sendBufferBytes)
    const connected = peer === undefined ? 0 : socket.connect(peer.ip, peer.port)
    if (connected < 0) {
      void this.close()
      throw systemError('connect', connected, peer?.ip ?? '', peer?.port ?? 0)
    }
    const header = new Uint32Array(HEADER_WORDS)
    socket.local(header)
    this.#local = { ip: this.#addresses.ipOf(header, 0), port: header[HeaderWord.Port] ?? 0 }
  }

  get local(): Address {
    return this.#local
  }

  drain(): void {
    if (this.#closed !== undefined) return
    const batch = this.#received
    const count = this.#socket.receive(batch.buffer, batch.headers)
    if (count < 0) return this.#handleError(getSystemErrorName(count))
    this.stats.receivedDatagrams += count
    this.stats.oversized += batch.adopt(count, this.#addresses.ipOf)
    if (batch.count > 0) this.onReceive?.(batch)
    batch.clear()
  }

  acquire(): DatagramBatch {
    return this.#free.pop() ?? new DatagramBatch(this.#batchSize)
  }

  send(batch: DatagramBatch): void {
    if (this.#closed !== undefined || this.#waiting.length >= MAX_WAITING_BATCHES) {
      countError(this.stats.sendErrors, 'EAGAIN', batch.count)
      return this.#reclaim(batch)
    }
    if (!this.#isConnected) {
      for (let slot = 0; slot < batch.count; slot += 1) {
        this.#addresses.write(batch.ipOf(slot), batch.headers, slot)
      }
    }
    this.#waiting.push(batch)
    if (this.#waiting.length === 1) this.#sendWaiting()
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#waiting.length = 0
      this.#socket.close(resolve)
    })
    return this.#closed
  }

  #sendWaiting(): void {
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      this.#sentOfFirst = this.#sendFrom(batch, this.#sentOfFirst)
      if (this.#sentOfFirst < batch.count) return this.#socket.awaitWritable()
      this.#sentOfFirst = 0
      this.#waiting.shift()
      this.#reclaim(batch)
    }
  }

  /** Sends what the system takes; what it refuses is lost. @returns the first slot it has no room for now */
  #sendFrom(batch: DatagramBatch, first: number): number {
    let slot = first
    while (slot < batch.count) {
      const sent = this.#socket.send(batch.buffer, batch.headers, slot, batch.count)
      if (sent === -EAGAIN) break
      if (sent < 0) this.#handleRefused(getSystemErrorName(sent))
      else this.stats.sentDatagrams += sent
      slot += Math.max(sent, 1)
    }
    return slot
  }

  #reclaim(batch: DatagramBatch): void {
    batch.clear()
    if (this.#free.length < MAX_WAITING_BATCHES) this.#free.push(batch)
  }

  #handleEvent(events: number, error: number): void {
    if ((events & NativeEvent.Error) !== 0) this.#handleError(getSystemErrorName(-error))
    if (this.#closed === undefined && (events & NativeEvent.Writable) !== 0) this.#sendWaiting()
    if (this.#closed !== undefined || (events & NativeEvent.Readable) === 0) return
    if (this.onReadable !== undefined) this.onReadable()
    // Nobody wants what has arrived.
    else this.drain()
  }

  /** The sender hears of it when its own call is over, as of every error of a socket. */
  #handleRefused(code: string): void {
    countError(this.stats.sendErrors, code, 1)
    process.nextTick(() => this.onError?.(code))
  }

  #handleError(code: string): void {
    countError(this.stats.receiveErrors, code, 1)
    this.onError?.(code)
  }
}

function systemError(syscall: string, errno: number, address: string, port: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`${syscall} ${code} ${address}:${port}`), {
    errno,
    code,
    syscall,
    address,
    port,
  })
}
