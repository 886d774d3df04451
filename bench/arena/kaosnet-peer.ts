import type { LinkKind } from '../load/links/link.ts'
import type { Percentiles } from '../load/histogram.ts'
import type { Language } from '../rooms/measure/cell.ts'
import { type LoadTestResult, runLoadTest } from '../suite/load-test.ts'
import { SUITE_SCRIPTS } from '../suite/scripts.ts'
import type { ServerFigures } from '../suite/server-figures.ts'
import type { ArenaCell, ArenaPeer, ArenaRunOptions } from './peer.ts'

const INPUT_BYTES = 32
const INPUT_HZ = 10
const TICK_HZ = 20
/** A header of 16 bytes, then 32 for each player, whose newest input is the second number. */
const NEWEST_OFFSET = 20
const PLAYER_BYTES = 32

export interface KaosnetPeerOptions {
  readonly language: Language
  readonly link: LinkKind
  /** `rooms.workers` */
  readonly workers: number
  /** Folder for CPU profiles of the server's threads; undefined = none. */
  readonly profile: string | undefined
}

/** What is known of KaosNet beyond what every peer tells. */
export interface KaosnetCell extends ArenaCell {
  readonly server: ServerFigures
  /** From when an input was due until the player saw its effect. */
  readonly latencyMs: Percentiles
  readonly sendLatenessMs: Percentiles
  /** Inputs the server has read, of those sent. */
  readonly inputsShare: number
  readonly gaps: number
  /** CPU time of the generator for each input and each broadcast. */
  readonly generatorCpuUs: number
  readonly trouble: string | undefined
}

/** KaosNet, with one way to script it and one way in. */
export class KaosnetPeer implements ArenaPeer {
  readonly name: string
  readonly #options: KaosnetPeerOptions

  constructor(options: KaosnetPeerOptions) {
    const { language, link, workers } = options
    this.#options = options
    this.name = [
      'KaosNet',
      language === 'lua' ? 'Lua' : 'TypeScript',
      link === 'rudp' ? 'RUDP' : 'WebSocket',
      ...(workers === 1 ? [] : [`${workers} workers`]),
    ].join(', ')
  }

  async unavailable(): Promise<string | undefined> {
    return undefined
  }

  async run({
    rooms,
    players,
    seconds,
    warmupSeconds,
    pin,
    progress,
  }: ArenaRunOptions): Promise<KaosnetCell> {
    const { language, link, workers, profile } = this.#options
    const result = await runLoadTest({
      config: {
        auth: { anonymous: true },
        rooms: { workers },
        scripts: SUITE_SCRIPTS,
        log: { level: 'warn' },
      },
      load: {
        crowds: [{ link, bots: rooms * players }],
        rooms: {
          module: `arena-${language}`,
          params: {},
          botsPerRoom: players,
          traffic: {
            kind: 'snapshot',
            inputBytes: INPUT_BYTES,
            inputHz: INPUT_HZ,
            snapshotHz: TICK_HZ,
            newestOffset: NEWEST_OFFSET,
            newestStride: PLAYER_BYTES,
          },
        },
      },
      generators: 1,
      profile: profile === undefined ? undefined : `${profile}/${language}-${link}-${workers}-${rooms}`,
      warmupSeconds,
      seconds,
      pin,
      progress,
    })
    return cellOf(rooms, result)
  }
}

function cellOf(rooms: number, { server, load }: LoadTestResult): KaosnetCell {
  const interval = load.interval.percentiles()
  return {
    rooms,
    messages: server.framesIn + server.framesOut,
    cpuUsPerMessage: server.cpuUsPerFrame,
    intervalMs: { p50: interval.p50, p99: interval.p99 },
    deliveredShare: load.deliveredShare,
    serverBusy: server.cpuShare,
    generatorBusy: load.busyShare,
    generatorCpuUs: load.cpuUsPerMessage,
    isGeneratorLimit: load.isSaturated,
    rssBytes: server.rssBytes,
    server,
    latencyMs: load.latency.percentiles(),
    sendLatenessMs: load.sendLateness.percentiles(),
    inputsShare: server.framesIn / server.seconds / load.sentPerSecond,
    gaps: load.gaps,
    trouble: load.firstTrouble,
  }
}
