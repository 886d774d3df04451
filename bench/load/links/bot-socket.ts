import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { type Address, DatagramBatch, type DatagramSocket, type SocketStats } from '@kaosnet/rudp'

/** A bot receives little in one turn; what does not fit is handled before more is read. */
const RECEIVED_AT_ONCE = 2
const SENT_AT_ONCE = 16
const BUFFER_BYTES = 262_144
/** Batches that wait for the system, of all bots together. */
const MAX_WAITING = 1_024

/** Batches to send from, shared by all bots: each is filled and given away within one turn of one bot. */
export class BatchPool {
  readonly #free: DatagramBatch[] = []
  #waiting = 0

  acquire(): DatagramBatch {
    return this.#free.pop() ?? new DatagramBatch(SENT_AT_ONCE)
  }

  release(batch: DatagramBatch): void {
    batch.clear()
    this.#free.push(batch)
  }

  /** @returns whether that many may wait */
  addWaiting(): boolean {
    if (this.#waiting >= MAX_WAITING) return false
    this.#waiting += 1
    return true
  }

  removeWaiting(): void {
    this.#waiting -= 1
  }
}

/** A socket of one bot, like that of `connectRudp` but with the memory of thousands of them in mind. */
export class BotSocket implements DatagramSocket {
  onReadable: (() => void) | undefined
  onReceive: ((batch: DatagramBatch) => void) | undefined
  onError: ((code: string) => void) | undefined
  readonly driverName = 'node:dgram'
  readonly local: Address
  readonly stats: SocketStats = {
    receivedDatagrams: 0,
    sentDatagrams: 0,
    sendErrors: {},
    receiveErrors: {},
    oversized: 0,
  }
  readonly #socket: Socket
  readonly #pool: BatchPool
  readonly #received = new DatagramBatch(RECEIVED_AT_ONCE)
  #closed: Promise<void> | undefined

  /** @throws the system's error when it cannot be opened */
  static async open(localAddress: string, peer: Address, pool: BatchPool): Promise<BotSocket> {
    const socket = createSocket('udp4')
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ address: localAddress, port: 0, exclusive: true }, resolve)
      })
      // Types know no error here, but there may be one.
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error) => (error ? reject(error) : resolve())
        socket.connect(peer.port, peer.ip, done as () => void)
      })
    } catch (error) {
      socket.close()
      throw error
    }
    return new BotSocket(socket, pool)
  }

  private constructor(socket: Socket, pool: BatchPool) {
    this.#socket = socket
    this.#pool = pool
    const { address, port } = socket.address()
    this.local = { ip: address, port }
    socket.setRecvBufferSize(BUFFER_BYTES)
    socket.removeAllListeners('error')
    socket.on('message', (datagram, remote) => this.#handleMessage(datagram, remote))
    socket.on('error', (error: NodeJS.ErrnoException) => this.onError?.(error.code ?? 'UNKNOWN'))
  }

  drain(): void {
    if (this.#received.count === 0) return
    if (this.#closed === undefined) this.onReceive?.(this.#received)
    this.#received.clear()
  }

  acquire(): DatagramBatch {
    return this.#pool.acquire()
  }

  send(batch: DatagramBatch): void {
    if (this.#closed !== undefined) return this.#pool.release(batch)
    for (let slot = 0; slot < batch.count; slot += 1) {
      this.#socket.send(batch.buffer, batch.offsetOf(slot), batch.lengthOf(slot), this.#handleSent)
    }
    this.stats.sentDatagrams += batch.count
    this.#releaseWhenSent(batch)
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#socket.close(() => resolve())
    })
    return this.#closed
  }

  readonly #handleSent = (error: NodeJS.ErrnoException | null): void => {
    if (error === null || error === undefined) return
    const code = error.code ?? 'UNKNOWN'
    this.stats.sendErrors[code] = (this.stats.sendErrors[code] ?? 0) + 1
    this.onError?.(code)
  }

  /** Node sends at once if the system lets it, and otherwise keeps a reference to the batch. */
  #releaseWhenSent(batch: DatagramBatch): void {
    if (this.#socket.getSendQueueCount() === 0) return this.#pool.release(batch)
    // A batch that is not given back is the garbage collector's.
    if (!this.#pool.addWaiting()) return
    setImmediate(() => {
      this.#pool.removeWaiting()
      if (this.#closed === undefined) this.#releaseWhenSent(batch)
    })
  }

  #handleMessage(datagram: Uint8Array, remote: RemoteInfo): void {
    this.stats.receivedDatagrams += 1
    if (this.#received.isFull) this.drain()
    if (!this.#received.push(datagram, remote.address, remote.port)) this.stats.oversized += 1
    else if (this.#received.count === 1) this.onReadable?.()
  }
}
