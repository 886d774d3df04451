import type { Clock } from '../clock.ts'
import type { Connection, ConnectionHandler, Lane, QueueClass, Transport } from './transport.ts'

/** The client's end of an in-memory connection. */
export interface MemoryClient {
  /** Delivers one message to the server at once. */
  send(message: Uint8Array): void
  /** Goes away without a word, as a cable that is pulled. */
  drop(): void
  /** Messages the server sent, oldest first; the test takes them out. */
  readonly received: Uint8Array[]
  readonly closed: { readonly code: number; readonly reason: string } | undefined
}

/** A transport without a network, for tests: deterministic and synchronous, flushed once per turn like the others. */
export class MemoryTransport implements Transport {
  readonly name = 'memory'
  readonly address = 'memory'
  readonly #clock: Clock
  #accept: ((connection: Connection) => ConnectionHandler) | undefined
  readonly #open = new Set<MemoryConnection>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async start(accept: (connection: Connection) => ConnectionHandler): Promise<void> {
    this.#accept = accept
  }

  async stop(): Promise<void> {
    for (const connection of [...this.#open]) connection.close(0, 'transport stopped')
    this.#accept = undefined
  }

  connect(remoteAddress = '203.0.113.1'): MemoryClient {
    const accept = this.#accept
    if (accept === undefined) throw new Error('the memory transport is not started')
    const connection = new MemoryConnection(remoteAddress, this.#clock, () => this.#open.delete(connection))
    this.#open.add(connection)
    connection.attach(accept(connection))
    return connection.client
  }
}

class MemoryConnection implements Connection {
  readonly transport = 'memory'
  readonly remoteAddress: string
  readonly client: MemoryClient
  readonly supersededFrames = 0
  readonly #received: Uint8Array[] = []
  readonly #clock: Clock
  readonly #onGone: () => void
  #batch: Uint8Array[] = []
  #handler: ConnectionHandler | undefined
  #closed: { code: number; reason: string } | undefined

  constructor(remoteAddress: string, clock: Clock, onGone: () => void) {
    this.remoteAddress = remoteAddress
    this.#clock = clock
    this.#onGone = onGone
    const connection = this
    this.client = {
      received: this.#received,
      send: (message) => connection.#deliver(message),
      drop: () => connection.#end(1006, 'dropped'),
      get closed() {
        return connection.#closed
      },
    }
  }

  attach(handler: ConnectionHandler): void {
    this.#handler = handler
  }

  /** Whatever is flushed has arrived. */
  queuedBytes(): number {
    return 0
  }

  send(frame: Uint8Array, _queueClass: QueueClass, _lane: Lane): void {
    if (this.#closed === undefined) this.#batch.push(new Uint8Array(frame))
  }

  flush(): void {
    if (this.#batch.length === 0) return
    this.#received.push(Buffer.concat(this.#batch))
    this.#batch = []
  }

  close(code: number, reason: string, lastFrame?: Uint8Array): void {
    if (lastFrame !== undefined) this.send(lastFrame, 'control', 0)
    this.flush()
    this.#end(code, reason)
  }

  #deliver(message: Uint8Array): void {
    if (this.#closed === undefined) this.#handler?.onMessage(message)
  }

  #end(code: number, reason: string): void {
    if (this.#closed !== undefined) return
    this.#closed = { code, reason }
    this.#onGone()
    this.#clock.defer(() => this.#handler?.onClosed(reason))
  }
}
