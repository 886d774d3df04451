import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../clock.ts'
import type { HostConfig } from '../../config.ts'
import { systemRandom } from '../../random.ts'
import { WorkerHost } from './worker-host.ts'

/** What a worker is given to begin with. */
export interface WorkerStart {
  readonly index: number
  readonly config: HostConfig
  readonly memory: SharedArrayBuffer
  readonly callPort: MessagePort
}

// The program of a worker thread: one room host, its commands coming and its events going by the parent port.
if (parentPort === null) throw new Error('worker-main.js runs in a worker thread')
const host = new WorkerHost({
  ...(workerData as WorkerStart),
  port: parentPort,
  clock: systemClock(),
  random: systemRandom(),
})

// A promise or a timer of a game's TypeScript that fails outside of every callback is no reason to end all rooms here.
process.on('unhandledRejection', (reason) => host.noteStrayError(reason))
process.on('uncaughtException', (error) => host.noteStrayError(error))
