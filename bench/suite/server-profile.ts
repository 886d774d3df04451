import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LoopbackTransport } from '../rooms/players/loopback-transport.ts'
import { Player } from '../rooms/players/player.ts'
import { ThreadProfile } from '../rooms/processes/thread-profile.ts'

/** CPU profiles of the thread that does the network and, where there is one, of the thread of rooms. */
export class ServerProfile {
  readonly #operator: Player | undefined
  readonly #io: ThreadProfile

  private constructor(operator: Player | undefined) {
    this.#operator = operator
    this.#io = new ThreadProfile()
  }

  /** @param workers with more than one, the first that answers is the one that is looked at */
  static async start(transport: LoopbackTransport, workers: number): Promise<ServerProfile> {
    const operator = workers === 0 ? undefined : await Player.start(transport)
    await operator?.rpc('startProfile', null)
    return new ServerProfile(operator)
  }

  /** Writes `io.cpuprofile` and `rooms.cpuprofile`. */
  async stop(folder: string): Promise<void> {
    mkdirSync(folder, { recursive: true })
    this.#io.stop(join(folder, 'io.cpuprofile'))
    await this.#operator?.rpc('stopProfile', join(folder, 'rooms.cpuprofile'))
  }
}
