import { setTimeout as sleep } from 'node:timers/promises'
import { machineCpuUs } from '../../rooms/processes/thread-cpu.ts'
import { BenchProcess } from '../../transport/processes/child-process.ts'
import type { ArenaPeer, ArenaRunOptions } from '../peer.ts'
import { type ColyseusCell, colyseusCell } from './colyseus-cell.ts'
import { ColyseusServer } from './colyseus-server.ts'
import type { RoomLoop } from './game/room-loop.ts'
import type { GeneratorApi } from './generator/generator-process.ts'
import { installPeer } from './install/peer-folder.ts'

/** To fill all rooms, which is slow where the server has more of them than it can do. */
const JOIN_TIMEOUT_MS = 180_000

/** The arena on Colyseus 0.18 with its WebSocket transport, and raw bytes. */
export class ColyseusPeer implements ArenaPeer {
  readonly name: string
  readonly #loop: RoomLoop

  /** @param loop Which of Colyseus' two loops the rooms run. */
  constructor(loop: RoomLoop = 'timestep') {
    this.#loop = loop
    this.name = loop === 'timestep' ? 'Colyseus 0.18' : 'Colyseus 0.18, fixed timestep'
  }

  /** @param progress Told when something has to be installed first, which takes ten seconds or more. */
  async unavailable(progress: (text: string) => void = () => {}): Promise<string | undefined> {
    try {
      await installPeer(progress)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  async run(options: ArenaRunOptions): Promise<ColyseusCell> {
    const installed = await installPeer(options.progress)
    const server = new ColyseusServer(options.pin.server, installed, this.#loop)
    try {
      return await this.#play(server, options)
    } finally {
      server.kill()
    }
  }

  async #play(
    server: ColyseusServer,
    { rooms, players, seconds, warmupSeconds, pin, progress }: ArenaRunOptions,
  ): Promise<ColyseusCell> {
    const port = await server.ready()
    const generator = new BenchProcess<GeneratorApi>({
      name: `${this.name} generator`,
      module: new URL('./generator/generator-process.js', import.meta.url),
      prefix: pin.generator,
      answerWithinMs: JOIN_TIMEOUT_MS + seconds * 1000,
    })
    try {
      progress(`${this.name}: ${rooms * players} players join ${rooms} rooms`)
      await generator.call('play', { port, rooms, players })
      progress(`${this.name}: warming up for ${warmupSeconds} s, then ${seconds} s count`)
      await sleep(warmupSeconds * 1000)
      const before = await server.sample()
      const machineBeforeUs = machineCpuUs()
      const measured = await generator.call('measure', { seconds })
      const after = await server.sample()
      const machineUs = machineCpuUs() - machineBeforeUs
      if (measured.disconnected > 0) throw new Error(`the server threw out ${measured.disconnected} players`)
      return colyseusCell({ rooms, players, before, after, generator: measured, machineCpuUs: machineUs })
    } finally {
      await generator.stop()
    }
  }
}
