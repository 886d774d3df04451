import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createServer, type KaosServer } from '@kaosnet/server'
import { MetricsText } from '../measure/metrics-text.ts'
import { LoopbackTransport } from '../players/loopback-transport.ts'
import { Player } from '../players/player.ts'
import type { Drift } from '../scripts/modules/_drift.ts'
import { machineCpuUs, processCpuUs, threadCpuUs } from './thread-cpu.ts'

/** An answer carries 64 KiB at most, and an id is 36 bytes. */
const ROOMS_PER_CALL = 500
const AN_HOUR_MS = 3_600_000
/** This file runs as `bench/dist/rooms/processes/room-server.js`; Lua is not compiled. */
const SCRIPTS = new URL('../../../rooms/scripts/', import.meta.url)

/** What the server had done and used by one moment; the difference of two says what happened in between. */
export interface ServerSample {
  readonly atMs: number
  readonly hostCpuUs: number
  readonly mainCpuUs: number
  readonly processCpuUs: number
  readonly machineCpuUs: number
  readonly mainBusyMs: number
  readonly roomFrames: number
  readonly metrics: MetricsText
}

/** Live bytes. */
export interface ServerMemory {
  readonly hostHeap: number
  readonly luaStates: number
  readonly mainHeap: number
  readonly resident: number
}

/** A whole KaosNet server in this process, its rooms in one worker thread, and an operator who asks the host what he likes. */
export class RoomServer {
  readonly transport: LoopbackTransport
  readonly #server: KaosServer
  readonly #operator: Player
  readonly #hostThread: number

  private constructor(
    server: KaosServer,
    transport: LoopbackTransport,
    operator: Player,
    hostThread: number,
  ) {
    this.#server = server
    this.transport = transport
    this.#operator = operator
    this.#hostThread = hostThread
  }

  static async start(rooms: number): Promise<RoomServer> {
    const transport = new LoopbackTransport()
    const server = createServer(
      {
        host: '127.0.0.1',
        port: 0,
        udp: { enabled: false },
        auth: { anonymous: true },
        // No heartbeats: there is no network whose silence could mean anything.
        session: { heartbeatMs: AN_HOUR_MS, timeoutMs: AN_HOUR_MS },
        rooms: { workers: 1 },
        limits: {
          rooms,
          roomsCreatedPerSession: rooms,
          sessions: rooms * 2 + 1,
          connections: rooms * 2 + 1,
          requestTimeoutMs: 60_000,
          // All players have one address, and one of them asks for every room.
          sessionsPerAddress: 0,
          connectionsPerSecondPerAddress: 0,
          messagesPerSecond: 0,
          bytesPerSecond: 0,
        },
        scripts: {
          dir: fileURLToPath(new URL('lua', SCRIPTS)),
          modulesDir: fileURLToPath(new URL('modules', SCRIPTS)),
        },
        log: { level: 'silent' },
      },
      { transports: [transport] },
    )
    await server.start()
    const operator = await Player.start(transport)
    return new RoomServer(server, transport, operator, Number(await operator.rpc('thread', null)))
  }

  /** Gives the host's thread a core to itself, as long as nothing else is put there. False when that did not succeed. */
  pinHost(core: number): boolean {
    const { status } = spawnSync('taskset', ['-p', '-c', String(core), String(this.#hostThread)])
    return status === 0
  }

  /** Asks for rooms; a join waits until its room runs. */
  async createRooms(module: string, count: number, hz: number): Promise<string[]> {
    const ids: string[] = []
    while (ids.length < count) {
      const part = { module, hz, count: Math.min(ROOMS_PER_CALL, count - ids.length) }
      ids.push(...((await this.#operator.rpc('create', part)) as string[]))
    }
    return ids
  }

  async sample(): Promise<ServerSample> {
    const metrics = await this.metrics()
    return {
      atMs: performance.now(),
      hostCpuUs: threadCpuUs(this.#hostThread),
      mainCpuUs: threadCpuUs(process.pid),
      processCpuUs: processCpuUs(),
      machineCpuUs: machineCpuUs(),
      mainBusyMs: performance.eventLoopUtilization().active,
      roomFrames: this.transport.roomFrames,
      metrics,
    }
  }

  async metrics(): Promise<MetricsText> {
    const response = await fetch(`http://127.0.0.1:${this.#server.port}/metrics`)
    return new MetricsText(await response.text())
  }

  /** Collects garbage first, in both threads, which holds up ticks. */
  async memory(): Promise<ServerMemory> {
    const hostHeap = Number(await this.#operator.rpc('heap', null))
    const metrics = await this.metrics()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    collect()
    collect()
    const { heapUsed, rss } = process.memoryUsage()
    return {
      hostHeap,
      luaStates: metrics.sum('kaosnet_room_script_memory_bytes'),
      mainHeap: heapUsed,
      resident: rss,
    }
  }

  /** Notes where every room is; holds up ticks. */
  async survey(): Promise<void> {
    await this.#operator.rpc('survey', null)
  }

  /** How far the rooms have moved since then. */
  async drift(hz: number): Promise<Drift> {
    return (await this.#operator.rpc('drift', hz)) as Drift
  }

  async startProfile(): Promise<void> {
    await this.#operator.rpc('startProfile', null)
  }

  async stopProfile(file: string): Promise<void> {
    await this.#operator.rpc('stopProfile', file)
  }
}
