import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A TCP connection that sends what a test says, as slowly as it says, and notes what comes back until the other side closes. */
export class SlowSocket {
  readonly closed: Promise<void>
  readonly #socket: Socket
  #received = ''
  #drip: NodeJS.Timeout | undefined
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    onTestFinished(() => this.end())
  }

  static async connect(port: number): Promise<SlowSocket> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new SlowSocket(socket)
  }

  /** As latin-1 text. */
  get received(): string {
    return this.#received
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Sends one piece after the other until the connection is closed. */
  drip(nextPiece: (index: number) => string | Uint8Array, everyMs = 25): void {
    let index = 0
    this.#drip = setInterval(() => {
      if (this.#socket.writable) this.#socket.write(nextPiece(index++))
    }, everyMs)
  }

  async until(text: string): Promise<void> {
    while (!this.#received.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  end(): void {
    clearInterval(this.#drip)
    this.#socket.destroy()
  }
}
