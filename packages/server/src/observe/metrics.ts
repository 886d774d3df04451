import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { errorName, opName } from '@kaosnet/protocol'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type HostReport, TICK_BUCKETS_SECONDS } from '../host/host-report.ts'
import { registerHostMetrics } from './host-metrics.ts'
import { OutputRouting, ROUTING_BUCKETS_SECONDS } from './routing-times.ts'
import { registerHistogram } from './reported-histogram.ts'
import { registerUdpMetrics } from './udp-metrics.ts'

/** Values read when somebody asks for the metrics. */
export interface MetricsSources {
  sessions(): number
  connections(): number
  /** Of the sessions, those whose connection is lost. */
  sessionsAway(): number
  rooms(): number
  members(): number
  /** Tickets that wait. */
  matchmakerTickets(): number
  parties(): number
  /** What kaos-rudp dropped or refused so far, by reason. */
  udpDrops(): Readonly<Record<string, number>>
  /** Figures of the room hosts. */
  hosts(): readonly HostReport[]
  /** Brings the figures of the hosts up to date. */
  refreshHosts(): Promise<void>
}

const OPS = 256
const NANOSECONDS = 1e-9

/**
 * What the server counts, in Prometheus' form. Hot counters are plain numbers in typed arrays; they become metrics only
 * when scraped. One instance and one registry per server, so several servers live in one process.
 */
export class Metrics {
  readonly #sources: MetricsSources
  readonly #registry = new Registry()
  readonly #framesIn = new Float64Array(OPS)
  readonly #framesOut = new Float64Array(OPS)
  readonly #bytesIn = new Float64Array(1)
  readonly #bytesOut = new Float64Array(1)
  readonly #errors: Counter<'code' | 'name'>
  readonly #limits: Counter<'limit'>
  readonly #roomsEnded: Counter<'module' | 'reason'>
  readonly #sessionsEnded: Counter<'code'>
  readonly #sessionsDropped: Counter
  readonly #sessionsResumed: Counter
  readonly #matches: Counter<'module'>
  readonly #matchedPlayers: Counter<'module'>
  readonly #reservationsExpired: Counter
  readonly #replayOverflows: Counter
  readonly #unsent: Counter
  readonly #superseded: Counter
  readonly #droppedFrames: Counter<'reason'>
  readonly #rpcDuration: Histogram<'kind'>
  readonly #loopDelay: IntervalHistogram
  /** Of what rooms send. */
  readonly routing = new OutputRouting()

  constructor(sources: MetricsSources) {
    this.#sources = sources
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#errors = new Counter({
      name: 'kaosnet_errors_total',
      help: 'Errors sent to clients, by code.',
      labelNames: ['code', 'name'],
      registers,
    })
    this.#limits = new Counter({
      name: 'kaosnet_limit_hits_total',
      help: 'Times a limit acted, by config field.',
      labelNames: ['limit'],
      registers,
    })
    this.#roomsEnded = new Counter({
      name: 'kaosnet_rooms_ended_total',
      help: 'Rooms that ended, by module and reason.',
      labelNames: ['module', 'reason'],
      registers,
    })
    this.#sessionsEnded = new Counter({
      name: 'kaosnet_sessions_ended_total',
      help: 'Sessions that ended, by code (0 = normal).',
      labelNames: ['code'],
      registers,
    })
    const plain = (name: string, help: string): Counter => new Counter({ name, help, registers })
    this.#sessionsDropped = plain(
      'kaosnet_sessions_dropped_total',
      'Times a session lost its connection and was kept.',
    )
    this.#sessionsResumed = plain(
      'kaosnet_sessions_resumed_total',
      'Times a new connection resumed a session.',
    )
    this.#reservationsExpired = plain(
      'kaosnet_reservations_expired_total',
      'Seats that were reserved and that nobody came for.',
    )
    this.#matches = new Counter({
      name: 'kaosnet_matches_total',
      help: 'Matches that the matchmaker made, by module.',
      labelNames: ['module'],
      registers,
    })
    this.#matchedPlayers = new Counter({
      name: 'kaosnet_matched_players_total',
      help: 'Players in those matches, by module.',
      labelNames: ['module'],
      registers,
    })
    this.#replayOverflows = plain(
      'kaosnet_replay_overflows_total',
      'Times more was unacknowledged than is kept for a resume.',
    )
    this.#unsent = plain(
      'kaosnet_frames_unsent_total',
      'Unreliable frames for sessions whose connection was lost.',
    )
    this.#superseded = new Counter({
      name: 'kaosnet_frames_superseded_total',
      help: 'Unreliable frames that newer ones replaced on a congested connection.',
      registers,
    })
    this.#droppedFrames = new Counter({
      name: 'kaosnet_frames_dropped_total',
      help: 'Frames received and not processed, by reason.',
      labelNames: ['reason'],
      registers,
    })
    this.#rpcDuration = new Histogram({
      name: 'kaosnet_script_call_seconds',
      help: 'How long RPCs and hooks took, by kind.',
      labelNames: ['kind'],
      buckets: [...TICK_BUCKETS_SECONDS],
      registers,
    })
    registerHostMetrics(this.#registry, () => sources.hosts())
    registerHistogram(this.#registry, {
      name: 'kaosnet_output_routing_seconds',
      help: 'From the call of a script that sends to the handing over to the system, for each receiver.',
      bounds: ROUTING_BUCKETS_SECONDS,
      read: (add) => add({}, this.routing.read()),
    })
    registerUdpMetrics(this.#registry, () => sources.udpDrops())
    this.#registerGauges(sources)
    this.#registerMessages()
    this.#loopDelay = monitorEventLoopDelay({ resolution: 10 })
    this.#loopDelay.enable()
    this.#registerLoopDelay()
  }

  frameReceived(op: number, sizeBytes: number): void {
    this.#framesIn[op] = (this.#framesIn[op] as number) + 1
    this.#bytesIn[0] = (this.#bytesIn[0] as number) + sizeBytes
  }

  frameSent(op: number, sizeBytes: number): void {
    this.#framesOut[op] = (this.#framesOut[op] as number) + 1
    this.#bytesOut[0] = (this.#bytesOut[0] as number) + sizeBytes
  }

  errorSent(code: number): void {
    this.#errors.inc({ code, name: errorName(code) ?? 'unknown' })
  }

  framesSuperseded(count: number): void {
    this.#superseded.inc(count)
  }

  frameDropped(reason: 'session-ended' | 'closing'): void {
    this.#droppedFrames.inc({ reason })
  }

  /** @param limit The config field under `limits` that acted. */
  limitHit(limit: string): void {
    this.#limits.inc({ limit })
  }

  scriptCalled(kind: 'rpc' | 'before' | 'after', durationMs: number): void {
    this.#rpcDuration.observe({ kind }, durationMs / 1000)
  }

  roomEnded(module: string, reason: string): void {
    this.#roomsEnded.inc({ module, reason })
  }

  sessionEnded(code: number): void {
    this.#sessionsEnded.inc({ code })
  }

  sessionDropped(): void {
    this.#sessionsDropped.inc()
  }

  sessionResumed(): void {
    this.#sessionsResumed.inc()
  }

  reservationExpired(): void {
    this.#reservationsExpired.inc()
  }

  matchMade(module: string, players: number): void {
    this.#matches.inc({ module })
    this.#matchedPlayers.inc({ module }, players)
  }

  replayOverflowed(): void {
    this.#replayOverflows.inc()
  }

  frameUnsent(): void {
    this.#unsent.inc()
  }

  /** The exposition text (version 0.0.4). */
  async expose(): Promise<string> {
    await this.#sources.refreshHosts()
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  close(): void {
    this.#loopDelay.disable()
    this.#registry.clear()
  }

  #registerGauges(sources: MetricsSources): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read())
        },
      })
    }
    gauge('kaosnet_sessions', 'Sessions now.', () => sources.sessions())
    gauge('kaosnet_sessions_away', 'Sessions whose connection is lost now.', () => sources.sessionsAway())
    gauge('kaosnet_connections', 'Open connections now.', () => sources.connections())
    gauge('kaosnet_rooms', 'Rooms now.', () => sources.rooms())
    gauge('kaosnet_matchmaker_tickets', 'Matchmaker tickets that wait now.', () =>
      sources.matchmakerTickets(),
    )
    gauge('kaosnet_parties', 'Parties now.', () => sources.parties())
    gauge('kaosnet_room_members', 'Members of all rooms now.', () => sources.members())
  }

  #registerMessages(): void {
    const directions = [
      { direction: 'in', frames: this.#framesIn, bytes: this.#bytesIn },
      { direction: 'out', frames: this.#framesOut, bytes: this.#bytesOut },
    ]
    new Counter({
      name: 'kaosnet_messages_total',
      help: 'Frames, by operation and direction.',
      labelNames: ['op', 'direction'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const { direction, frames } of directions) {
          for (let op = 0; op < OPS; op++) {
            const count = frames[op] as number
            if (count > 0) this.inc({ op: opName(op) ?? `0x${op.toString(16)}`, direction }, count)
          }
        }
      },
    })
    new Counter({
      name: 'kaosnet_message_bytes_total',
      help: 'Bytes of frames, by direction.',
      labelNames: ['direction'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const { direction, bytes } of directions) this.inc({ direction }, bytes[0] as number)
      },
    })
  }

  #registerLoopDelay(): void {
    const delay = this.#loopDelay
    new Gauge({
      name: 'kaosnet_event_loop_delay_seconds',
      help: 'Event-loop delay since the last scrape, by quantile.',
      labelNames: ['quantile'],
      registers: [this.#registry],
      collect() {
        for (const quantile of [50, 99]) {
          this.set({ quantile: String(quantile / 100) }, delay.percentile(quantile) * NANOSECONDS)
        }
        this.set({ quantile: '1' }, delay.max * NANOSECONDS)
        delay.reset()
      },
    })
  }
}
