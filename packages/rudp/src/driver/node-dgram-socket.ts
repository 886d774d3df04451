import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Address } from '../endpoint/address.ts'
import { DatagramBatch } from '../endpoint/datagram-batch.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { MAX_WAITING_BATCHES, type SocketOptions } from './socket-options.ts'
import { countError, createSocketStats, type SocketStats } from './socket-stats.ts'

/** Addresses are numeric: asking a resolver for every datagram is what this avoids. */
function lookupNothing(
  hostname: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, hostname, isIPv6(hostname) ? 6 : 4)
}

/** The portable datagram socket, on `node:dgram`: one system call per datagram, batches made of what one turn brings. */
export class NodeDgramSocket implements DatagramSocket {
  readonly driverName = 'node:dgram'
  onReadable: (() => void) | undefined
  onReceive: ((batch: DatagramBatch) => void) | undefined
  onError: ((code: string) => void) | undefined
  readonly stats: SocketStats = createSocketStats()
  readonly #socket: Socket
  readonly #isConnected: boolean
  readonly #batchSize: number
  readonly #received: DatagramBatch
  readonly #free: DatagramBatch[] = []
  #inUse: DatagramBatch[] = []
  #local: Address = { ip: '', port: 0 }
  #closed: Promise<void> | undefined

  /**
   * Opens and binds a socket.
   * @throws the system's error (`EADDRINUSE`, `EACCES`, …) when it cannot be bound
   */
  static async bind(options: SocketOptions): Promise<NodeDgramSocket> {
    const type = isIPv6(options.peer?.ip ?? options.host) ? 'udp6' : 'udp4'
    const socket = createSocket({ type, lookup: lookupNothing })
    try {
      await bindSocket(socket, options)
      if (options.peer !== undefined) await connectSocket(socket, options.peer)
    } catch (error) {
      socket.close()
      throw error
    }
    return new NodeDgramSocket(socket, options)
  }

  private constructor(socket: Socket, options: SocketOptions) {
    this.#socket = socket
    this.#isConnected = options.peer !== undefined
    this.#batchSize = options.batchSize
    this.#received = new DatagramBatch(options.batchSize)
    const { address, port } = socket.address()
    this.#local = { ip: address, port }
    this.#setBufferSizes(options)
    socket.on('message', (datagram, remote) => this.#handleMessage(datagram, remote))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#handleError(error))
  }

  get local(): Address {
    return this.#local
  }

  drain(): void {
    if (this.#closed === undefined && this.#received.count > 0) this.onReceive?.(this.#received)
    this.#received.clear()
  }

  acquire(): DatagramBatch {
    this.#reclaim()
    return this.#free.pop() ?? new DatagramBatch(this.#batchSize)
  }

  send(batch: DatagramBatch): void {
    if (this.#closed === undefined && this.#inUse.length < MAX_WAITING_BATCHES) {
      for (let slot = 0; slot < batch.count; slot += 1) this.#sendSlot(batch, slot)
      this.stats.sentDatagrams += batch.count
    } else {
      countError(this.stats.sendErrors, 'EAGAIN', batch.count)
    }
    this.#inUse.push(batch)
    this.#reclaim()
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#socket.close(() => resolve())
    })
    return this.#closed
  }

  readonly #handleSent = (error: NodeJS.ErrnoException | null): void => {
    if (error === null || error === undefined) return
    countError(this.stats.sendErrors, error.code ?? 'UNKNOWN', 1)
    this.onError?.(error.code ?? 'UNKNOWN')
  }

  #sendSlot(batch: DatagramBatch, slot: number): void {
    const offset = batch.offsetOf(slot)
    const length = batch.lengthOf(slot)
    if (this.#isConnected) this.#socket.send(batch.buffer, offset, length, this.#handleSent)
    else {
      this.#socket.send(batch.buffer, offset, length, batch.portOf(slot), batch.ipOf(slot), this.#handleSent)
    }
  }

  /** Node sends at once if the system lets it and otherwise keeps a reference: then the batch must stay as it is. */
  #reclaim(): void {
    if (this.#inUse.length === 0 || this.#closed !== undefined || this.#socket.getSendQueueCount() > 0) return
    for (const batch of this.#inUse) {
      batch.clear()
      this.#free.push(batch)
    }
    this.#inUse = []
  }

  #handleMessage(datagram: Uint8Array, remote: RemoteInfo): void {
    this.stats.receivedDatagrams += 1
    if (this.#received.isFull) this.drain()
    if (!this.#received.push(datagram, remote.address, remote.port)) this.stats.oversized += 1
    // Nobody wants what has arrived.
    else if (this.onReadable === undefined) this.#received.clear()
    else if (this.#received.count === 1) this.onReadable()
  }

  #handleError(error: NodeJS.ErrnoException): void {
    countError(this.stats.receiveErrors, error.code ?? 'UNKNOWN', 1)
    this.onError?.(error.code ?? 'UNKNOWN')
  }

  #setBufferSizes(options: SocketOptions): void {
    try {
      this.#socket.setRecvBufferSize(options.receiveBufferBytes)
      this.#socket.setSendBufferSize(options.sendBufferBytes)
    } catch {
      // The system's own sizes serve as well, only with less room for bursts.
    }
  }
}

function bindSocket(socket: Socket, { host, port }: SocketOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}

function connectSocket(socket: Socket, { ip, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.connect(port, ip, ((error?: Error) => (error ? reject(error) : resolve())) as () => void)
  })
}
