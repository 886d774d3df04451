import { LineProcess } from '../../transport/processes/line-process.ts'
import type { RoomLoop } from './game/room-loop.ts'
import type { ServerReady, ServerSample } from './game/server-process.ts'
import type { InstalledPeer } from './install/peer-folder.ts'

/** A server that is busy beyond its means still answers, but not soon. */
const ANSWER_TIMEOUT_MS = 60_000

/** The process of the peer's server. Whoever made it kills it. */
export class ColyseusServer {
  readonly #process: LineProcess

  constructor(prefix: readonly string[], { node, server }: InstalledPeer, loop: RoomLoop) {
    // What a deployment sets; it spares Colyseus some checks.
    const command = [...prefix, 'env', 'NODE_ENV=production', node, server, loop]
    this.#process = new LineProcess('the Colyseus server', command)
  }

  /** The port it listens to. */
  async ready(): Promise<number> {
    const { port } = await this.#answer<ServerReady>(() => this.#process.nextLine())
    return port
  }

  sample(): Promise<ServerSample> {
    return this.#answer<ServerSample>(() => this.#process.command('sample'))
  }

  /** Harmless when repeated. */
  kill(): void {
    this.#process.kill()
  }

  async #answer<Answer>(ask: () => Promise<string>): Promise<Answer> {
    // Who waits for a line then learns that there will be none.
    const timer = setTimeout(() => this.kill(), ANSWER_TIMEOUT_MS)
    try {
      return JSON.parse(await ask()) as Answer
    } finally {
      clearTimeout(timer)
    }
  }
}
