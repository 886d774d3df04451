import { performance } from 'node:perf_hooks'
import { sampleProcess, type ProcessSample } from '../transport/processes/process-sample.ts'
import type { BotFleet } from './bot-fleet.ts'
import { Histogram } from './histogram.ts'
import type { LoadFigures } from './load-figures.ts'
import { SendSchedule } from './send-schedule.ts'
import type { Deliveries, Traffic } from './traffic/traffic.ts'

const TURN_MS = 1
/** After so many in one turn the network gets a look, however much is overdue. */
const SENDS_PER_TURN = 512
/** Sending begins so long after it was asked for. */
const LEAD_MS = 20

/** Bots at work: inputs and heartbeats on a schedule that does not drift, and what is seen of the answers. */
export class LoadRun {
  readonly #fleet: BotFleet
  readonly #traffic: Traffic | undefined
  readonly #deliveries: Deliveries
  readonly #botsPerRoom: number
  readonly #sendLateness = new Histogram()
  #inputs: SendSchedule | undefined
  #heartbeats: SendSchedule | undefined
  #timer: NodeJS.Timeout | undefined
  #began: ProcessSample | undefined
  #takenAtBegin = 0
  #dueAtBegin = 0
  #lostAtBegin = 0

  constructor(fleet: BotFleet, traffic: Traffic | undefined, deliveries: Deliveries, botsPerRoom: number) {
    this.#fleet = fleet
    this.#traffic = traffic
    this.#deliveries = deliveries
    this.#botsPerRoom = botsPerRoom
  }

  /** Begins once a bot knows what the server wants; bots that are not there yet are left out until they are. Idempotent. */
  startHeartbeats(): void {
    if (this.#heartbeats !== undefined) return
    const { bots } = this.#fleet
    const heartbeatMs = bots.find((bot) => bot.heartbeatMs > 0)?.heartbeatMs
    if (heartbeatMs === undefined) return
    const perSecond = 1000 / heartbeatMs
    this.#heartbeats = new SendSchedule({ senders: bots.length, perSecond, startMs: performance.now() })
    this.#plan()
  }

  startInputs(): void {
    if (this.#traffic === undefined) return
    const { bots } = this.#fleet
    const { inputHz } = this.#traffic
    const startMs = performance.now() + LEAD_MS
    this.#inputs = new SendSchedule({ senders: bots.length, perSecond: inputHz, startMs })
    this.#traffic.begin(bots, this.#inputs)
    this.#plan()
  }

  /** From now on it counts. */
  beginWindow(): void {
    this.#deliveries.received = 0
    this.#deliveries.gaps = 0
    this.#deliveries.latency.clear()
    this.#deliveries.interval.clear()
    this.#sendLateness.clear()
    this.#fleet.heartbeats.clear()
    this.#lostAtBegin = this.#fleet.lostDatagrams
    this.#began = sampleProcess(0)
    this.#takenAtBegin = this.#inputs?.taken ?? 0
    this.#dueAtBegin = this.#inputs?.dueBy(performance.now()) ?? 0
  }

  /** What happened since {@link beginWindow}. */
  endWindow(): LoadFigures {
    const began = this.#began
    if (began === undefined) throw new Error('endWindow before beginWindow')
    const ended = sampleProcess(0)
    const windowMs = ended.atMs - began.atMs
    const { bots, heartbeats, lost, refused, firstTrouble, ownSocketsReason } = this.#fleet
    const dueNow = this.#inputs?.dueBy(performance.now()) ?? 0
    const { received, gaps, latency, interval } = this.#deliveries
    const cpuUs = ended.cpuUs - began.cpuUs
    const cpuShare = cpuUs / 1000 / windowMs
    const loopShare = (ended.busyMs - began.busyMs) / windowMs
    return {
      windowMs,
      bots: bots.length,
      sent: (this.#inputs?.taken ?? 0) - this.#takenAtBegin,
      due: dueNow - this.#dueAtBegin,
      received,
      receiveDue: ((this.#traffic?.duePerSecond(bots.length, this.#botsPerRoom) ?? 0) * windowMs) / 1000,
      gaps,
      latency: latency.toRecord(),
      interval: interval.toRecord(),
      sendLateness: this.#sendLateness.toRecord(),
      heartbeat: heartbeats.toRecord(),
      busyShare: Math.max(cpuShare, loopShare),
      cpuUs,
      lostDatagrams: this.#fleet.lostDatagrams - this.#lostAtBegin,
      lost,
      refused,
      ...(ownSocketsReason !== undefined && { ownSocketsReason }),
      ...(firstTrouble !== undefined && { firstTrouble }),
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#inputs = undefined
    this.#heartbeats = undefined
  }

  #plan(): void {
    this.#timer ??= setTimeout(() => this.#turn(), TURN_MS)
  }

  #turn(): void {
    this.#timer = undefined
    this.#sendInputs()
    this.#sendHeartbeats()
    if (this.#inputs !== undefined || this.#heartbeats !== undefined) this.#plan()
  }

  #sendInputs(): void {
    const schedule = this.#inputs
    const traffic = this.#traffic
    if (schedule === undefined || traffic === undefined) return
    const { bots } = this.#fleet
    for (let sent = 0; sent < SENDS_PER_TURN; sent += 1) {
      const nowMs = performance.now()
      const dueMs = schedule.nextDueMs()
      if (dueMs > nowMs) return
      const bot = bots[schedule.take()]
      if (bot !== undefined) traffic.send(bot)
      this.#sendLateness.record(nowMs - dueMs)
    }
  }

  #sendHeartbeats(): void {
    const schedule = this.#heartbeats
    if (schedule === undefined) return
    const { bots } = this.#fleet
    const nowMs = performance.now()
    for (let sent = 0; sent < SENDS_PER_TURN && schedule.nextDueMs() <= nowMs; sent += 1) {
      bots[schedule.take()]?.sendHeartbeat()
    }
  }
}
