import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Bot, type BotObserver } from './bot.ts'
import { Histogram } from './histogram.ts'
import type { Link, LinkKind } from './links/link.ts'
import { RudpLinks } from './links/rudp-links.ts'
import { openWebSocketLink } from './links/websocket-link.ts'
import { inParallel } from './in-parallel.ts'
import { interleave, type LoadPlan } from './load-plan.ts'
import { Pace } from './pace.ts'
import type { Receiver } from './traffic/traffic.ts'

/** A listen backlog is bounded, and so is a server's pool of half-open connections. */
const CONNECTS_AT_ONCE = 64
const ROOMS_AT_ONCE = 16
/** Handshakes cost server and generator a multiple of messages: those who are in must be served meanwhile. */
const CONNECTS_PER_SECOND = 600
const JOINS_PER_SECOND = 1_000

/** All bots of one process. */
export class BotFleet implements BotObserver {
  readonly bots: readonly Bot[]
  lost = 0
  refused = 0
  firstTrouble: string | undefined
  /** Round trips of heartbeats: nothing but the network's thread is on their way. */
  readonly heartbeats = new Histogram()
  readonly #plan: LoadPlan
  readonly #kinds: readonly LinkKind[]
  readonly #rudp: RudpLinks | undefined

  constructor(plan: LoadPlan) {
    this.#plan = plan
    this.#kinds = interleave(plan.crowds)
    this.bots = this.#kinds.map((_, index) => new Bot(index, this))
    const { server, firstBot } = plan
    if (this.#kinds.includes('rudp')) this.#rudp = new RudpLinks({ server, firstBot, bots: this.bots.length })
  }

  /** Connects all bots and starts their sessions. @throws the first failure */
  async connect(progress: (done: number) => void): Promise<void> {
    const pace = paceOf(CONNECTS_PER_SECOND)
    await inParallel(this.bots, CONNECTS_AT_ONCE, progress, async (bot) => {
      await pace.turn()
      await bot.start(await this.#open(bot))
    })
  }

  /** Puts them into rooms, one after the other in each, so that they sit there in order. @throws the first failure */
  async enterRooms(
    { module, params, botsPerRoom }: NonNullable<LoadPlan['rooms']>,
    receiver: Receiver,
    progress: (done: number) => void,
  ): Promise<void> {
    const pace = paceOf(JOINS_PER_SECOND)
    const rooms = Array.from({ length: Math.ceil(this.bots.length / botsPerRoom) }, (_, room) => room)
    await inParallel(rooms, ROOMS_AT_ONCE, progress, async (room) => {
      const members = this.bots.slice(room * botsPerRoom, (room + 1) * botsPerRoom)
      const roomId = await (members[0] as Bot).createRoom(module, params)
      for (const bot of members) {
        await pace.turn()
        await bot.joinRoom(roomId, receiver)
      }
    })
  }

  /** They leave as clients do. */
  end(): void {
    for (const bot of this.bots) bot.end()
  }

  async close(): Promise<void> {
    for (const bot of this.bots) bot.close()
    await this.#rudp?.close()
  }

  /** Why each bot over kaos-rudp has a socket of its own; undefined when they share one. */
  get ownSocketsReason(): string | undefined {
    return this.#rudp?.ownSocketsReason
  }

  /** Datagrams that were lost in this process. */
  get lostDatagrams(): number {
    return this.#rudp?.lostDatagrams ?? 0
  }

  botLost(bot: Bot, why: string): void {
    this.lost += 1
    this.firstTrouble ??= `bot ${bot.index} was lost: ${why}`
  }

  botRefused(bot: Bot, why: string): void {
    this.refused += 1
    this.firstTrouble ??= `bot ${bot.index} was refused: ${why}`
  }

  heartbeatAnswered(roundTripMs: number): void {
    this.heartbeats.record(roundTripMs)
  }

  #open(bot: Bot): Promise<Link> {
    if (this.#rudp !== undefined && this.#kinds[bot.index] === 'rudp') return this.#rudp.open(bot.index, bot)
    const { server, firstBot } = this.#plan
    return openWebSocketLink(server, firstBot + bot.index, bot)
  }
}

function paceOf(perSecond: number): Pace {
  return new Pace({ perSecond, clock: () => performance.now(), sleep: (ms) => sleep(ms) })
}
