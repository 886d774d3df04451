import { Console } from 'node:console'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { Server } from '@colyseus/core'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { type ArenaCounters, ArenaRoom, type ArenaRoomOptions } from './arena-room.ts'
import { ROOM_LOOPS } from './room-loop.ts'

/** The first line that the process writes. */
export interface ServerReady {
  readonly port: number
  readonly nodeVersion: string
}

/** What the process answers to each line; the difference of two says what happened in between. */
export interface ServerSample extends Readonly<ArenaCounters> {
  readonly atMs: number
  /** User and system time of all its threads. */
  readonly cpuUs: number
  readonly rssBytes: number
}

const counters: ArenaCounters = { ticks: 0, inputs: 0, snapshots: 0 }
const loop = ROOM_LOOPS.find((name) => name === process.argv[2])
if (loop === undefined) throw new Error(`the first argument is one of ${ROOM_LOOPS.join(', ')}`)

const http = createServer()
const server = new Server({
  transport: new WebSocketTransport({ server: http }),
  // Standard output is for answers only.
  logger: new Console(process.stderr, process.stderr),
  greet: false,
})
server.define('arena', ArenaRoom, { counters, loop } satisfies ArenaRoomOptions)
await server.listen(0, '127.0.0.1')
answer({ port: (http.address() as AddressInfo).port, nodeVersion: process.version } satisfies ServerReady)

const lines = createInterface(process.stdin)
lines.on('line', () => answer(sample()))
// The parent is gone.
lines.on('close', () => process.exit(0))

function sample(): ServerSample {
  const { user, system } = process.cpuUsage()
  return { ...counters, atMs: performance.now(), cpuUs: user + system, rssBytes: process.memoryUsage.rss() }
}

function answer(line: ServerReady | ServerSample): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
