import { performance } from 'node:perf_hooks'
import type { Deliveries } from './traffic/traffic.ts'

/** Calls of one process of the generator. */
export interface CallPlan {
  readonly rpc: string
  /** Of the text that is sent, and expected back. */
  readonly textBytes: number
  /** At any time, of all bots together; no bot has more than one. */
  readonly inFlight: number
}

/** A bot, as far as it makes calls. */
export interface Caller {
  rpc(name: string, payload: { readonly text: string }): Promise<unknown>
}

export interface Callers<Bot extends Caller> {
  readonly bots: readonly Bot[]
  botRefused(bot: Bot, why: string): void
}

/**
 * A constant number of calls in flight, a closed loop: each answer is followed by the next call, which is made by the bot that
 * has waited longest. So calls are shared out evenly, and no session comes near its rate. A bot that is refused calls no more.
 */
export class RpcCalls<Bot extends Caller> {
  readonly #callers: Callers<Bot>
  readonly #plan: CallPlan
  readonly #deliveries: Pick<Deliveries, 'latency' | 'received'>
  readonly #nowMs: () => number
  readonly #payload: { readonly text: string }
  /** A ring of those that wait; the one at the head has waited longest. */
  readonly #ring: Bot[]
  #head = 0
  #waiting: number
  #isStopped = true

  /** @throws RangeError when there are fewer bots than calls in flight */
  constructor(
    callers: Callers<Bot>,
    plan: CallPlan,
    deliveries: Pick<Deliveries, 'latency' | 'received'>,
    nowMs = (): number => performance.now(),
  ) {
    if (plan.inFlight > callers.bots.length) throw new RangeError('a bot has at most one call in flight')
    this.#callers = callers
    this.#plan = plan
    this.#deliveries = deliveries
    this.#nowMs = nowMs
    this.#payload = { text: 'x'.repeat(plan.textBytes) }
    this.#ring = [...callers.bots]
    this.#waiting = this.#ring.length
  }

  start(): void {
    this.#isStopped = false
    for (let call = 0; call < this.#plan.inFlight; call += 1) void this.#callOn()
  }

  /** No call follows those in flight. */
  stop(): void {
    this.#isStopped = true
  }

  /** Calls, one after the other. */
  async #callOn(): Promise<void> {
    while (!this.#isStopped && this.#waiting > 0) {
      const bot = this.#ring[this.#head] as Bot
      this.#head = (this.#head + 1) % this.#ring.length
      this.#waiting -= 1
      if (!(await this.#call(bot))) continue
      this.#ring[(this.#head + this.#waiting) % this.#ring.length] = bot
      this.#waiting += 1
    }
  }

  /** Never rejects. @returns whether it was answered */
  async #call(bot: Bot): Promise<boolean> {
    const calledMs = this.#nowMs()
    try {
      const answer = (await bot.rpc(this.#plan.rpc, this.#payload)) as { readonly text?: unknown } | undefined
      if (answer?.text !== this.#payload.text) throw new Error('the answer is not what was sent')
      this.#deliveries.latency.record(this.#nowMs() - calledMs)
      this.#deliveries.received += 1
      return true
    } catch (error) {
      this.#callers.botRefused(bot, error instanceof Error ? error.message : String(error))
      return false
    }
  }
}
