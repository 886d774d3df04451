import {
  decodeHeartbeat,
  decodeRoomData,
  decodeRoomState,
  decodeServerPayload,
  FrameReader,
  Op,
  type OpName,
  opName,
  type ServerPayload,
  type ServerPayloadName,
} from '@kaosnet/protocol'
import { WebSocket } from 'ws'

export interface Frame {
  readonly op: OpName
  readonly payload: Uint8Array
}

const WAIT_MS = 10_000

/** A WebSocket that speaks frames and nothing else: for tests that must send what no SDK would. */
export class RawClient {
  readonly #ws: WebSocket
  readonly #frames: Frame[] = []
  #wake: () => void = () => {}
  closed: { readonly code: number; readonly reason: string } | undefined

  private constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('message', (data: Buffer) => {
      const reader = new FrameReader()
      reader.reset(data)
      while (reader.next()) {
        this.#frames.push({ op: opName(reader.op) as OpName, payload: reader.payload().slice() })
      }
      this.#wake()
    })
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
      this.#wake()
    })
    ws.on('error', () => {})
  }

  static async connect(port: number): Promise<RawClient> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const client = new RawClient(ws)
    await new Promise((resolve, reject) => {
      ws.once('open', resolve)
      ws.once('error', reject)
    })
    return client
  }

  send(...frames: (Uint8Array | string)[]): void {
    this.#ws.send(typeof frames[0] === 'string' ? frames[0] : Buffer.concat(frames as Uint8Array[]))
  }

  /** The next frame of an operation; frames of others before it are put aside for later calls. */
  async next(op: OpName): Promise<Frame> {
    const deadline = Date.now() + WAIT_MS
    for (;;) {
      const index = this.#frames.findIndex((frame) => frame.op === op)
      if (index >= 0) return this.#frames.splice(index, 1)[0] as Frame
      if (this.closed !== undefined) throw new Error(`closed (${this.closed.code}) while waiting for ${op}`)
      await this.#change(deadline, op)
    }
  }

  async control<N extends ServerPayloadName>(name: N): Promise<ServerPayload<N>> {
    return decodeServerPayload(name, (await this.next(name)).payload)
  }

  async heartbeat() {
    return decodeHeartbeat((await this.next('Heartbeat')).payload)
  }

  async roomData() {
    return decodeRoomData((await this.next('RoomData')).payload)
  }

  async roomState() {
    return decodeRoomState((await this.next('RoomState')).payload)
  }

  async untilClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    const deadline = Date.now() + WAIT_MS
    while (this.closed === undefined) await this.#change(deadline, 'the end')
    return this.closed
  }

  /** Frames that came and were not asked for. */
  get pending(): readonly Frame[] {
    return this.#frames
  }

  close(): void {
    this.#ws.terminate()
  }

  async #change(deadline: number, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(
            new Error(
              `no ${what} in ${WAIT_MS} ms; got ${this.#frames.map(({ op }) => op).join(', ') || 'nothing'}`,
            ),
          ),
        Math.max(0, deadline - Date.now()),
      )
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** A frame with any bytes. */
export function frame(op: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([op, payload.length & 0xff, payload.length >> 8]), payload])
}

export { Op }
