import { ThreadProfile } from '../rooms/processes/thread-profile.ts'
import { serveParent } from '../transport/processes/child-process.ts'
import type { Bot } from './bot.ts'
import { BotFleet } from './bot-fleet.ts'
import { Histogram } from './histogram.ts'
import type { LoadFigures } from './load-figures.ts'
import type { LoadPlan } from './load-plan.ts'
import { LoadRun } from './load-run.ts'
import { RpcCalls } from './rpc-calls.ts'
import { ChatTraffic } from './traffic/chat-traffic.ts'
import { SnapshotTraffic } from './traffic/snapshot-traffic.ts'
import type { Deliveries, Traffic, TrafficPlan } from './traffic/traffic.ts'

const PROGRESS_EVERY_MS = 5_000

/** One process of the load generator. */
export type LoadProcessApi = {
  /** Connects all bots and puts them into their rooms; from then on they send heartbeats. */
  open(plan: LoadPlan): Promise<{ readonly setUpMs: number }>
  /** They begin to send inputs, and to call RPCs. */
  startInputs(argument: null): Promise<void>
  beginWindow(argument: null): Promise<void>
  endWindow(argument: null): Promise<LoadFigures>
  startProfile(argument: null): Promise<void>
  /** @param file for the profile of this process */
  stopProfile(file: string): Promise<void>
  /** All sessions end, as those of clients that leave; connections are the server's to close. */
  leave(argument: null): Promise<void>
  /** Closes all connections. */
  close(argument: null): Promise<void>
}

interface Opened {
  readonly fleet: BotFleet
  readonly run: LoadRun
  readonly calls: RpcCalls<Bot> | undefined
}

function createLoadProcess(): LoadProcessApi {
  let opened: Opened | undefined
  let profile: ThreadProfile | undefined
  const run = (): LoadRun => {
    if (opened === undefined) throw new Error('no bots: open comes first')
    return opened.run
  }
  return {
    async open(plan) {
      const startedMs = performance.now()
      opened = await open(plan)
      return { setUpMs: performance.now() - startedMs }
    },
    async startInputs() {
      run().startInputs()
      opened?.calls?.start()
    },
    async beginWindow() {
      run().beginWindow()
    },
    async endWindow() {
      return run().endWindow()
    },
    async startProfile() {
      profile = new ThreadProfile()
    },
    async stopProfile(file) {
      profile?.stop(file)
      profile = undefined
    },
    async leave() {
      opened?.calls?.stop()
      opened?.fleet.end()
    },
    async close() {
      opened?.calls?.stop()
      opened?.run.stop()
      await opened?.fleet.close()
      opened = undefined
    },
  }
}

async function open(plan: LoadPlan): Promise<Opened> {
  const fleet = new BotFleet(plan)
  const deliveries: Deliveries = {
    received: 0,
    gaps: 0,
    latency: new Histogram(),
    interval: new Histogram(),
  }
  const traffic = plan.rooms === undefined ? undefined : trafficOf(plan.rooms.traffic, deliveries)
  const run = new LoadRun(fleet, traffic, deliveries, plan.rooms?.botsPerRoom ?? 1)
  const report = reporter('sessions')
  await fleet.connect((done) => {
    // Thousands take longer to come in than the server bears silence.
    run.startHeartbeats()
    report(done)
  })
  if (plan.rooms !== undefined && traffic !== undefined) {
    await fleet.enterRooms(plan.rooms, traffic, reporter('rooms'))
  }
  const calls = plan.calls === undefined ? undefined : new RpcCalls(fleet, plan.calls, deliveries)
  return { fleet, run, calls }
}

function trafficOf(plan: TrafficPlan, deliveries: Deliveries): Traffic {
  switch (plan.kind) {
    case 'snapshot':
      return new SnapshotTraffic(plan, deliveries)
    case 'chat':
      return new ChatTraffic(plan, deliveries)
  }
}

/** Says on standard error how far it is, now and then. */
function reporter(what: string): (done: number) => void {
  let saidMs = performance.now()
  return (done) => {
    const nowMs = performance.now()
    if (nowMs - saidMs < PROGRESS_EVERY_MS) return
    saidMs = nowMs
    process.stderr.write(`${done} ${what}\n`)
  }
}

serveParent(createLoadProcess())
