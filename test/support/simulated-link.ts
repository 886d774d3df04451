import type { ClientTransport, TransportHandlers } from '@kaosnet/client'
import { FrameReader, reliableLane, UNCOUNTED } from '@kaosnet/protocol'
import type {
  Connection,
  ConnectionHandler,
  Delivery,
  Lane,
  QueueClass,
} from '../../packages/server/src/peer/transport.ts'

interface InFlight {
  readonly message: Uint8Array
  readonly isReliable: boolean
}

/** Messages on their way in one direction, by lane; with one lane all share an order. */
export class Pipe {
  readonly #lanes = new Map<number, InFlight[]>()
  readonly #hasLanes: boolean

  constructor(hasLanes: boolean) {
    this.#hasLanes = hasLanes
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0
  }

  add(message: Uint8Array, isReliable: boolean, lane: number): void {
    const key = this.#hasLanes ? lane : 0
    const queue = this.#lanes.get(key) ?? []
    queue.push({ message, isReliable })
    this.#lanes.set(key, queue)
  }

  /** The next message of some lane. */
  take(random: () => number): InFlight | undefined {
    const keys = [...this.#lanes.keys()]
    const key = keys[Math.floor(random() * keys.length)]
    if (key === undefined) return undefined
    const queue = this.#lanes.get(key) ?? []
    const next = queue.shift()
    if (queue.length === 0) this.#lanes.delete(key)
    return next
  }
}

/** One connection between an SDK client and a server's inbox: nothing moves until the test says so. */
export class SimulatedLink {
  readonly transport: ClientTransport
  readonly connection: Connection
  readonly #toServer: Pipe
  readonly #toClient: Pipe
  readonly #client: TransportHandlers
  #server: ConnectionHandler | undefined
  /** Each side learns of the end by itself, if at all. */
  #isClientOpen = true
  #isServerOpen = true
  /** The cable is cut: what either side sends goes nowhere. */
  #isCut = false

  constructor(client: TransportHandlers, hasLanes: boolean) {
    this.#client = client
    this.#toServer = new Pipe(hasLanes)
    this.#toClient = new Pipe(hasLanes)
    const link = this
    this.transport = {
      kind: hasLanes ? 'rudp' : 'websocket',
      bufferedBytes: 0,
      get isClosing() {
        return !link.#isClientOpen
      },
      send: (message, delivery, lane) => {
        if (!link.#isClientOpen) return false
        checkLanes(message, delivery, lane)
        link.#toServer.add(message.slice(), delivery === 'reliable', lane)
        return true
      },
      // What was sent before may still arrive, and much later.
      close: () => {
        link.#isClientOpen = false
      },
    }
    this.connection = {
      transport: 'memory',
      remoteAddress: '203.0.113.1',
      queuedBytes: () => 0,
      supersededFrames: 0,
      send: (frame: Uint8Array, queueClass: QueueClass, lane: Lane) => {
        const delivery = queueClass === 'unreliable' ? 'unreliable' : 'reliable'
        checkLanes(frame, delivery, lane)
        if (link.#isServerOpen) link.#toClient.add(new Uint8Array(frame), delivery === 'reliable', lane)
      },
      flush: () => {},
      close: (_code, _reason, lastFrame) => {
        if (lastFrame !== undefined) link.connection.send(lastFrame, 'control', 0)
        link.#isServerOpen = false
      },
    }
  }

  attach(server: ConnectionHandler): void {
    this.#server = server
  }

  get isIdle(): boolean {
    return this.#isCut || (this.#toServer.isEmpty && this.#toClient.isEmpty)
  }

  /** Delivers one message to the server; an unreliable one may be lost. */
  pumpToServer(random: () => number): void {
    const next = this.#isCut ? undefined : this.#toServer.take(random)
    if (next === undefined || (!next.isReliable && random() < 0.2)) return
    if (this.#isServerOpen) this.#server?.onMessage(next.message)
  }

  pumpToClient(random: () => number): void {
    const next = this.#isCut ? undefined : this.#toClient.take(random)
    if (next === undefined || (!next.isReliable && random() < 0.2)) return
    if (this.#isClientOpen) this.#client.onMessage(next.message)
  }

  /** What is under way is lost, in both directions. */
  cut(): void {
    this.#isCut = true
  }

  noticeAtServer(): void {
    if (!this.#isServerOpen) return
    this.#isServerOpen = false
    this.#server?.onClosed('cut')
  }

  noticeAtClient(): void {
    if (!this.#isClientOpen) return
    this.#isClientOpen = false
    this.#client.onClose({ reason: 'cut' })
  }
}

/** A frame travels on the lane it counts on, and reliably if it counts (`docs/protocol.md#resume`). */
function checkLanes(message: Uint8Array, delivery: Delivery, lane: Lane): void {
  const reader = new FrameReader()
  reader.reset(message)
  while (reader.next()) {
    const counted = reliableLane(reader.op, reader.payload())
    if (counted === UNCOUNTED || (counted === lane && delivery === 'reliable')) continue
    throw new Error(`op ${reader.op} counts on lane ${counted} and was sent ${delivery} on lane ${lane}`)
  }
}
