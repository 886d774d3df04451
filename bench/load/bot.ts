import {
  type ClientPayload,
  decodeHeartbeat,
  decodeServerPayload,
  encodeClientFrame,
  encodeHeartbeat,
  encodeRoomData,
  Op,
  opName,
  PROTOCOL_VERSIONS,
  ReceivedCounts,
  reliableLane,
  UNCOUNTED,
} from '@kaosnet/protocol'
import type { Link, LinkHandlers } from './links/link.ts'
import type { Receiver } from './traffic/traffic.ts'

const FRAME_HEADER_BYTES = 3
/** Of a RoomData frame: header, then `room u16 | flags u8 | op u16 | sender u16`. */
const DATA_OFFSET = 10
const FLAGS_OFFSET = 5
const OP_OFFSET = 6
const RELIABLE = 0x01

interface Request {
  readonly resolve: (payload: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** Tells what no request can report. */
export interface BotObserver {
  /** The connection is gone, and with it the bot. */
  botLost(bot: Bot, why: string): void
  /** The server refused something that is no request, an input for example. */
  botRefused(bot: Bot, why: string): void
  /** The server has answered a heartbeat: it was on its way there and back so long. */
  heartbeatAnswered(roundTripMs: number): void
}

/**
 * One session that speaks the protocol itself (docs/protocol.md): in a room, what it sends is a buffer that it keeps, and what
 * it receives is looked at where it lies.
 */
export class Bot implements LinkHandlers {
  readonly index: number
  /** Its number in its room; 0 = in none yet. */
  member = 0
  /** Inputs sent. */
  sequence = 0
  /** Of the session; 0 = the server wants none. */
  heartbeatMs = 0
  /** Gets the data of its room. */
  receiver: Receiver | undefined
  readonly #observer: BotObserver
  readonly #requests = new Map<number, Request>()
  readonly #received = new ReceivedCounts()
  #link: Link | undefined
  #room = 0
  #lastRequestId = 0
  #input: Uint8Array = new Uint8Array(0)
  #isInputReliable = false
  #isClosed = false
  #echoUs = 0
  #heardMs = 0

  constructor(index: number, observer: BotObserver) {
    this.index = index
    this.#observer = observer
  }

  /** Starts the session over a connection. @throws Error the server's refusal */
  async start(link: Link): Promise<void> {
    this.#link = link
    const payload = await this.#request((id) =>
      encodeClientFrame('SessionStart', { id, versions: [...PROTOCOL_VERSIONS] }),
    )
    this.heartbeatMs = decodeServerPayload('SessionStart', payload).heartbeat_ms
  }

  /** Creates a room. @returns its id @throws Error the server's refusal */
  async createRoom(module: string, params: Record<string, unknown>): Promise<string> {
    const payload = await this.#request((id) => encodeClientFrame('RoomCreate', { id, module, params }))
    return decodeServerPayload('RoomCreate', payload).room_id
  }

  /** Joins a room, and from then on hands its data to the receiver. @throws Error the server's refusal */
  async joinRoom(roomId: string, receiver: Receiver | undefined): Promise<void> {
    const payload = await this.#request((id) => encodeClientFrame('RoomJoin', { id, room_id: roomId }))
    const { room, member } = decodeServerPayload('RoomJoin', payload)
    this.#room = room
    this.member = member
    this.receiver = receiver
  }

  /** Calls an RPC. @returns the payload of the response @throws Error the server's refusal */
  async rpc(name: string, payload: ClientPayload<'Rpc'>['payload']): Promise<unknown> {
    const response = await this.#request((id) => encodeClientFrame('Rpc', { id, name, payload }))
    return decodeServerPayload('RpcResponse', response).payload
  }

  /** Makes the frame that {@link sendInput} sends. @returns its data, to be written anew for each input */
  prepareInput(bytes: number, isReliable: boolean): Uint8Array {
    const data = new Uint8Array(bytes)
    this.#input = encodeRoomData({
      room: this.#room,
      isReliable,
      isMessagePack: false,
      op: 0,
      sender: 0,
      data,
    })
    this.#isInputReliable = isReliable
    return this.#input.subarray(DATA_OFFSET)
  }

  /** Sends the prepared input to the room with this operation code. */
  sendInput(op: number): void {
    if (this.#isClosed) return
    const input = this.#input
    input[OP_OFFSET] = op & 0xff
    input[OP_OFFSET + 1] = op >>> 8
    this.#link?.send(this.#room, this.#isInputReliable, input)
    this.sequence += 1
  }

  /** Sends a heartbeat, and with it, as clients do, how many reliable frames were received. */
  sendHeartbeat(): void {
    if (this.heartbeatMs === 0) return
    this.#heartbeat(true)
    this.#acknowledge()
  }

  /** Ends the session, as clients do that leave; the server closes the connection then. */
  end(): void {
    if (this.#isClosed) return
    this.#link?.send(0, true, encodeClientFrame('SessionEnd', { code: 0 }))
    this.#isClosed = true
  }

  /** Closes the connection without a word; {@link BotObserver.botLost} is not called. */
  close(): void {
    this.#isClosed = true
    this.#link?.close()
  }

  onMessage(message: Uint8Array, nowMs: number): void {
    const length = message.length
    for (let at = 0; at + FRAME_HEADER_BYTES <= length; ) {
      const op = message[at] as number
      const payloadBytes = (message[at + 1] as number) | ((message[at + 2] as number) << 8)
      const end = at + FRAME_HEADER_BYTES + payloadBytes
      if (op === Op.RoomData) {
        if (((message[at + FLAGS_OFFSET] as number) & RELIABLE) !== 0)
          this.#countData(message, at, payloadBytes)
        this.receiver?.receive(this, message, at + DATA_OFFSET, nowMs)
      } else {
        const payload = message.subarray(at + FRAME_HEADER_BYTES, end)
        this.#count(op, payload)
        this.#handle(op, payload, nowMs)
      }
      at = end
    }
  }

  onClosed(why: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { reject } of this.#requests.values()) reject(new Error(`the connection is gone: ${why}`))
    this.#requests.clear()
    this.#observer.botLost(this, why)
  }

  #handle(op: number, payload: Uint8Array, nowMs: number): void {
    switch (op) {
      case Op.SessionStart:
        return this.#answer(decodeServerPayload('SessionStart', payload).id, payload)
      case Op.RoomCreate:
        return this.#answer(decodeServerPayload('RoomCreate', payload).id, payload)
      case Op.RoomJoin:
        return this.#answer(decodeServerPayload('RoomJoin', payload).id, payload)
      case Op.RpcResponse:
        return this.#answer(decodeServerPayload('RpcResponse', payload).id, payload)
      case Op.Heartbeat: {
        const { isReplyWanted, sentUs, echoUs, holdUs } = decodeHeartbeat(payload)
        this.#echoUs = sentUs
        this.#heardMs = nowMs
        if (isReplyWanted) this.#heartbeat(false)
        else
          this.#observer.heartbeatAnswered(this.#heardMs + performance.timeOrigin - (echoUs + holdUs) / 1000)
        return
      }
      case Op.Error: {
        const { id, op: refused, name, message } = decodeServerPayload('Error', payload)
        const request = this.#requests.get(id)
        this.#requests.delete(id)
        const why = `${opName(refused) ?? refused}: ${name}: ${message}`
        if (request === undefined) this.#observer.botRefused(this, why)
        else request.reject(new Error(why))
        return
      }
      case Op.SessionEnd:
        return this.onClosed(decodeServerPayload('SessionEnd', payload).reason ?? 'the session ended')
    }
  }

  #request(encode: (id: number) => Uint8Array): Promise<Uint8Array> {
    this.#lastRequestId += 1
    const id = this.#lastRequestId
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new Error('the connection is gone')
      this.#requests.set(id, { resolve, reject })
      this.#link?.send(0, true, encode(id))
    })
  }

  #answer(id: number, payload: Uint8Array): void {
    const request = this.#requests.get(id)
    this.#requests.delete(id)
    // The frame is the link's again when this returns.
    request?.resolve(payload.slice())
  }

  #heartbeat(isReplyWanted: boolean): void {
    if (this.#isClosed) return
    const nowMs = performance.now()
    const holdUs = this.#echoUs === 0 ? 0 : (nowMs - this.#heardMs) * 1000
    const sentUs = (performance.timeOrigin + nowMs) * 1000
    this.#link?.send(0, false, encodeHeartbeat({ isReplyWanted, sentUs, echoUs: this.#echoUs, holdUs }))
  }

  #countData(message: Uint8Array, at: number, payloadBytes: number): void {
    const lane = (message[at + 3] as number) | ((message[at + 4] as number) << 8)
    if (this.#received.add(lane, payloadBytes)) this.#acknowledge()
  }

  #count(op: number, payload: Uint8Array): void {
    const lane = reliableLane(op, payload)
    if (lane === UNCOUNTED) return
    if (op === Op.RoomJoin) this.#received.open(lane)
    if (this.#received.add(lane, payload.length)) this.#acknowledge()
  }

  #acknowledge(): void {
    const ack = this.#isClosed ? undefined : this.#received.takeAck()
    if (ack !== undefined) this.#link?.send(0, true, ack)
  }
}
