import { performance } from 'node:perf_hooks'
import { WebSocket } from 'ws'
import type { Arrivals } from './arrivals.ts'
import { InputFrame, ProtocolCode, snapshotTick } from './frames.ts'
import type { Seat } from './matchmaking.ts'

const HANDSHAKE_TIMEOUT_MS = 30_000

/** One client of the arena, which speaks Colyseus' protocol: sends inputs, and notes when snapshots arrive. */
export class ArenaPlayer {
  readonly #socket: WebSocket
  readonly #arrivals: Arrivals
  readonly #input = new InputFrame()
  #inputsSent = 0
  #newestTick = 0
  #newestAtMs = 0

  private constructor(socket: WebSocket, arrivals: Arrivals) {
    this.#socket = socket
    this.#arrivals = arrivals
  }

  /**
   * Takes the seat; the promise settles when the server has let the player in, and the player has said so too.
   * @throws Error when the server refuses, or ends the connection
   */
  static join(port: number, seat: Seat, arrivals: Arrivals): Promise<ArenaPlayer> {
    const url = `ws://127.0.0.1:${port}/${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId}`
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
    const player = new ArenaPlayer(socket, arrivals)
    return new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('close', (code) => {
        arrivals.onDisconnected()
        reject(new Error(`the server closed the connection of a player with code ${code}`))
      })
      socket.on('message', (frame: Buffer) => {
        const tick = snapshotTick(frame)
        if (tick !== undefined) return player.#onSnapshot(tick)
        if (frame[0] === ProtocolCode.error) return reject(new Error('the server refused a player'))
        if (frame[0] !== ProtocolCode.joinRoom) return
        // Until this is confirmed, the server holds back what it has for the player.
        socket.send(Buffer.of(ProtocolCode.joinRoom))
        resolve(player)
      })
    })
  }

  sendInput(): void {
    this.#inputsSent += 1
    this.#input.write(this.#inputsSent)
    this.#socket.send(this.#input.bytes)
  }

  #onSnapshot(tick: number): void {
    const nowMs = performance.now()
    // What has been seen, or overtaken, is no snapshot that the player could use.
    if (tick <= this.#newestTick) return
    if (this.#newestTick > 0) this.#arrivals.onSnapshot(nowMs - this.#newestAtMs, tick - this.#newestTick - 1)
    this.#newestTick = tick
    this.#newestAtMs = nowMs
  }
}
