import {
  type ClientPayload,
  decodeServerPayload,
  encodeClientFrame,
  encodeRoomData,
  Op,
  PROTOCOL_VERSIONS,
} from '@kaosnet/protocol'
import type { LoopbackClient, LoopbackTransport } from './loopback-transport.ts'

const HEADER_BYTES = 3

interface Request {
  readonly resolve: (payload: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** One session, speaking the protocol itself: thousands of them cost little more than their frames. */
export class Player {
  readonly #client: LoopbackClient
  readonly #requests = new Map<number, Request>()
  #lastId = 0
  #input: Uint8Array | undefined
  #isEnding = false

  private constructor(transport: LoopbackTransport) {
    this.#client = transport.connect((frame) => this.#onFrame(frame))
  }

  /** Connects and starts a session. */
  static async start(transport: LoopbackTransport): Promise<Player> {
    const player = new Player(transport)
    await player.#request((id) => encodeClientFrame('SessionStart', { id, versions: [...PROTOCOL_VERSIONS] }))
    return player
  }

  /** @param inputBytes Size of what {@link sendInput} sends there. */
  async join(roomId: string, inputBytes: number): Promise<void> {
    const payload = await this.#request((id) => encodeClientFrame('RoomJoin', { id, room_id: roomId }))
    const { room } = decodeServerPayload('RoomJoin', payload)
    const data = new Uint8Array(inputBytes).fill(7)
    this.#input = encodeRoomData({ room, isReliable: true, isMessagePack: false, op: 1, sender: 0, data })
  }

  async rpc(name: string, payload: ClientPayload<'Rpc'>['payload']): Promise<unknown> {
    const answer = await this.#request((id) => encodeClientFrame('Rpc', { id, name, payload }))
    return decodeServerPayload('RpcResponse', answer).payload
  }

  /** Ends the session. */
  end(): void {
    this.#isEnding = true
    this.#client.send(encodeClientFrame('SessionEnd', { code: 0 }))
  }

  /** Sends to the room that it joined last. */
  sendInput(): void {
    if (this.#input === undefined) throw new Error('the player has joined no room')
    this.#client.send(this.#input)
  }

  #request(encode: (id: number) => Uint8Array): Promise<Uint8Array> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject })
      this.#client.send(encode(id))
    })
  }

  #onFrame(frame: Uint8Array): void {
    const payload = frame.subarray(HEADER_BYTES)
    switch (frame[0]) {
      case Op.SessionStart:
        return this.#answer(decodeServerPayload('SessionStart', payload).id, payload)
      case Op.RoomJoin:
        return this.#answer(decodeServerPayload('RoomJoin', payload).id, payload)
      case Op.RpcResponse:
        return this.#answer(decodeServerPayload('RpcResponse', payload).id, payload)
      case Op.Error: {
        const { id, name, message } = decodeServerPayload('Error', payload)
        const error = new Error(`${name}: ${message}`)
        const request = this.#requests.get(id)
        // Nobody would hear of it: a room that refuses inputs is not what is to be measured.
        if (request === undefined) throw error
        this.#requests.delete(id)
        return request.reject(error)
      }
      case Op.SessionEnd:
        if (this.#isEnding) return
        throw new Error(`the server ended a session: ${decodeServerPayload('SessionEnd', payload).reason}`)
    }
  }

  #answer(id: number, payload: Uint8Array): void {
    const request = this.#requests.get(id)
    this.#requests.delete(id)
    // The frame is the server's again when this returns.
    request?.resolve(new Uint8Array(payload))
  }
}
