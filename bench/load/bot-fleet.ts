import { createDefaultProvider } from '@kaosnet/rudp'
import { Bot, type BotObserver } from './bot.ts'
import { Histogram } from './histogram.ts'
import { BatchPool } from './links/bot-socket.ts'
import type { Link, LinkKind, ServerAddress } from './links/link.ts'
import { openRudpLink, type RudpParts } from './links/rudp-link.ts'
import { openWebSocketLink } from './links/websocket-link.ts'
import { inParallel } from './in-parallel.ts'
import { interleave, type LoadPlan } from './load-plan.ts'
import type { Receiver } from './traffic/traffic.ts'

/** A listen backlog is bounded, and so is a server's pool of half-open connections. */
const CONNECTS_AT_ONCE = 64
const ROOMS_AT_ONCE = 16

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
  readonly #rudp: RudpParts = { crypto: createDefaultProvider(), pool: new BatchPool() }

  constructor(plan: LoadPlan) {
    this.#plan = plan
    this.#kinds = interleave(plan.crowds)
    this.bots = this.#kinds.map((_, index) => new Bot(index, this))
  }

  /** Connects all bots and starts their sessions. @throws the first failure */
  async connect(progress: (done: number) => void): Promise<void> {
    const { server, firstBot } = this.#plan
    await inParallel(this.bots, CONNECTS_AT_ONCE, progress, async (bot) => {
      const kind = this.#kinds[bot.index] as LinkKind
      await bot.start(await this.#open(kind, server, firstBot + bot.index, bot))
    })
  }

  /** Puts them into rooms, one after the other in each, so that they sit there in order. @throws the first failure */
  async enterRooms(
    { module, params, botsPerRoom }: NonNullable<LoadPlan['rooms']>,
    receiver: Receiver,
    progress: (done: number) => void,
  ): Promise<void> {
    const rooms = Array.from({ length: Math.ceil(this.bots.length / botsPerRoom) }, (_, room) => room)
    await inParallel(rooms, ROOMS_AT_ONCE, progress, async (room) => {
      const members = this.bots.slice(room * botsPerRoom, (room + 1) * botsPerRoom)
      const roomId = await (members[0] as Bot).createRoom(module, params)
      for (const bot of members) await bot.joinRoom(roomId, receiver)
    })
  }

  /** They leave as clients do. */
  end(): void {
    for (const bot of this.bots) bot.end()
  }

  close(): void {
    for (const bot of this.bots) bot.close()
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

  #open(kind: LinkKind, server: ServerAddress, index: number, bot: Bot): Promise<Link> {
    return kind === 'rudp'
      ? openRudpLink(server, index, bot, this.#rudp)
      : openWebSocketLink(server, index, bot)
  }
}
