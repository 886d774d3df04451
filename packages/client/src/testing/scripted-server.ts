import {
  type ClientPayload,
  type ClientPayloadName,
  ClientPayloads,
  decodeClientPayload,
  decodeHeartbeat,
  decodeLaneCounts,
  decodeRoomData,
  encodeHeartbeat,
  encodeServerFrame,
  type ErrorName,
  ErrorTable,
  FrameReader,
  Op,
  opName,
  type OpName,
  type ServerPayload,
} from '@kaosnet/protocol'
import type { ClientTransport, Delivery, DialRequest } from '../transport.ts'

/** Virtual time that tests step; the simulator's ManualClock is one. */
export interface VirtualTime {
  now(): number
  /** Asks before the first event and after each; stops at the event that made it true. */
  runUntil(isDone: () => boolean, deadlineMs: number): boolean
  after(delayMs: number, callback: () => void): { cancel(): void }
  readonly pendingEvents: number
}

/** What the client sent, one frame. */
export interface ReceivedFrame {
  readonly name: OpName
  /** A control payload, a Heartbeat or a RoomData, decoded. */
  readonly payload: unknown
  readonly delivery: Delivery
  readonly lane: number
  readonly atMs: number
}

type Handlers = {
  [Name in ClientPayloadName]?: (payload: ClientPayload<Name>, connection: ServerConnection) => void
}

/** The session that every connection gets unless a test says otherwise. */
export const SESSION: Omit<ServerPayload<'SessionStart'>, 'id' | 'server_time_us'> = {
  version: 1,
  session: '00000000000000a1',
  user_id: 'user-1',
  username: 'Ada',
  is_authenticated: false,
  vars: { team: 'red' },
  heartbeat_ms: 5_000,
  timeout_ms: 15_000,
}

/** A server in memory that does what a test tells it; each way takes `delayMs` of virtual time. */
export class ScriptedServer {
  readonly connections: ServerConnection[] = []
  readonly handlers: Handlers = {}
  delayMs = 10
  /** What the server's clock is ahead of the client's. */
  clockAheadMs = 0
  answersHeartbeats = true
  /** What becomes of a dial: accepted, refused after a delay, or never answered. */
  dialing: 'accept' | 'refuse' | 'hang' = 'accept'
  dials = 0
  readonly time: VirtualTime

  constructor(time: VirtualTime) {
    this.time = time
    this.handlers.SessionStart = ({ id }, connection) => connection.startSession(id)
    this.handlers.RoomLeave = ({ id, room }, connection) => {
      connection.send(encodeServerFrame('RoomLeave', { id, room, reason: 'left' }))
    }
  }

  /** The newest connection. */
  get connection(): ServerConnection {
    const newest = this.connections.at(-1)
    if (newest === undefined) throw new Error('nobody has connected')
    return newest
  }

  readonly dial = ({ handlers, signal }: DialRequest): Promise<ClientTransport> => {
    this.dials++
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        if (this.dialing === 'refuse') return reject(new Error('connection refused'))
        const connection = new ServerConnection(this, handlers)
        this.connections.push(connection)
        resolve(connection.clientTransport)
      }
      const timer = this.dialing === 'hang' ? undefined : this.time.after(this.delayMs, answer)
      signal.addEventListener('abort', () => {
        timer?.cancel()
        reject(signal.reason)
      })
    })
  }
}

/** The server's end of one connection. */
export class ServerConnection {
  readonly received: ReceivedFrame[] = []
  readonly clientTransport: ClientTransport
  /** False: the transport takes nothing more, as when the network is stuck. */
  isWritable = true
  /** The code the client closed the transport with; undefined while it has not. */
  closedByClient: number | undefined
  readonly #server: ScriptedServer
  readonly #client: DialRequest['handlers']
  #isOpen = true

  constructor(server: ScriptedServer, client: DialRequest['handlers']) {
    this.#server = server
    this.#client = client
    this.clientTransport = {
      kind: 'memory',
      bufferedBytes: 0,
      send: (message, delivery, lane) => {
        if (!this.#isOpen || !this.isWritable) return false
        this.#later(() => this.#receive(message, delivery, lane))
        return true
      },
      close: (code) => {
        this.closedByClient ??= code
        this.drop(undefined, 'closed by the client')
      },
    }
  }

  /** Payloads of one operation that have arrived, oldest first. */
  payloads<Name extends ClientPayloadName>(name: Name): ClientPayload<Name>[] {
    return this.received
      .filter((frame) => frame.name === name)
      .map((frame) => frame.payload as ClientPayload<Name>)
  }

  /** Sends frames in one message. */
  send(...frames: Uint8Array[]): void {
    this.sendBytes(Buffer.concat(frames))
  }

  sendBytes(message: Uint8Array): void {
    this.#later(() => this.#client.onMessage(new Uint8Array(message)))
  }

  startSession(id: number, changes: Partial<ServerPayload<'SessionStart'>> = {}): void {
    this.send(this.welcome(id, changes))
  }

  welcome(id: number, changes: Partial<ServerPayload<'SessionStart'>> = {}): Uint8Array {
    return encodeServerFrame('SessionStart', { id, server_time_us: this.#nowUs(), ...SESSION, ...changes })
  }

  sendError(id: number, error: ErrorName, details?: Record<string, unknown>, op: number = Op.Rpc): void {
    const { code, text } = ErrorTable[error]
    this.send(encodeServerFrame('Error', { id, op, code, name: error, message: text, details }))
  }

  endSession(error: ErrorName | 'normal', fields: { reason?: string; retry_after_ms?: number } = {}): void {
    const code = error === 'normal' ? 0 : ErrorTable[error].code
    this.send(encodeServerFrame('SessionEnd', { code, ...fields }))
  }

  sendHeartbeat(isReplyWanted: boolean): void {
    this.send(encodeHeartbeat({ isReplyWanted, sentUs: this.#nowUs(), echoUs: 0, holdUs: 0 }))
  }

  /** Ends the connection, with a code of the server's or without a word. */
  drop(code?: number, reason = 'connection reset'): void {
    if (!this.#isOpen) return
    this.#later(() => {
      this.#isOpen = false
      this.#client.onClose({ code, reason })
    })
  }

  /** Nothing passes any more in either direction, and nobody is told. */
  goSilent(): void {
    this.#isOpen = false
  }

  #later(action: () => void): void {
    this.#server.time.after(this.#server.delayMs, () => {
      if (this.#isOpen) action()
    })
  }

  #nowUs(): number {
    return (this.#server.time.now() + this.#server.clockAheadMs) * 1000
  }

  #receive(message: Uint8Array, delivery: Delivery, lane: number): void {
    const reader = new FrameReader()
    reader.reset(message)
    while (reader.next()) {
      const name = opName(reader.op)
      if (name === undefined) throw new Error(`the client sent op ${reader.op}`)
      const payload = decodeFromClient(name, reader.payload())
      this.received.push({ name, payload, delivery, lane, atMs: this.#server.time.now() })
      if (name === 'Heartbeat') this.#answerHeartbeat(reader.payload())
      else if (isControl(name)) this.#dispatch(name, reader.payload())
    }
  }

  #dispatch<Name extends ClientPayloadName>(name: Name, payload: Uint8Array): void {
    this.#server.handlers[name]?.(decodeClientPayload(name, payload), this)
  }

  #answerHeartbeat(payload: Uint8Array): void {
    const heartbeat = decodeHeartbeat(payload)
    if (!this.#server.answersHeartbeats || !heartbeat.isReplyWanted) return
    const sentUs = this.#nowUs()
    this.send(encodeHeartbeat({ isReplyWanted: false, sentUs, echoUs: heartbeat.sentUs, holdUs: 0 }))
  }
}

function isControl(name: OpName): name is ClientPayloadName {
  return name in ClientPayloads
}

function decodeFromClient(name: OpName, payload: Uint8Array): unknown {
  if (name === 'Heartbeat') return decodeHeartbeat(payload)
  if (name === 'RoomData') return decodeRoomData(payload)
  if (name === 'SessionAck') return decodeLaneCounts(payload)
  if (isControl(name)) return decodeClientPayload(name, payload)
  throw new Error(`a client may not send ${name}`)
}
