import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerConfigInput } from '@kaosnet/server'
import type { ServerAddress } from '../load/links/link.ts'
import { MetricsText } from '../rooms/measure/metrics-text.ts'
import type { RpcPayload } from '../suite/operate.ts'
import { type ServerFigures, serverFigures } from '../suite/server-figures.ts'
import type { ServerMemory, ServerProcessApi } from '../suite/server-process.ts'
import { BenchProcess } from '../transport/processes/child-process.ts'

const MODULE = new URL('../suite/server-process.js', import.meta.url)
const ANSWER_WITHIN_MS = 60_000
const POLL_MS = 250
const POLLED_WITHIN_MS = 60_000

/** The server under test, in a process of its own, from which nothing but little work is wanted. */
export class IdleServer {
  readonly address: ServerAddress
  readonly #process: BenchProcess<ServerProcessApi>

  private constructor(address: ServerAddress, process: BenchProcess<ServerProcessApi>) {
    this.address = address
    this.#process = process
  }

  /** @param prefix what to run it through */
  static async start(config: ServerConfigInput, prefix: readonly string[]): Promise<IdleServer> {
    const process = new BenchProcess<ServerProcessApi>({
      name: 'server',
      module: MODULE,
      prefix,
      answerWithinMs: ANSWER_WITHIN_MS,
    })
    try {
      const address = await process.call('start', config)
      await process.call('stopWatchingDelay', null)
      return new IdleServer(address, process)
    } catch (error) {
      await process.stop()
      throw error
    }
  }

  /** What it does and uses while it is left alone for so long. */
  async watch(seconds: number): Promise<ServerFigures> {
    const before = await this.#process.call('read', null)
    await sleep(seconds * 1000)
    return serverFigures(before, await this.#process.call('read', null))
  }

  /** @param catchUpSeconds for what the garbage collection has held up to be caught up */
  async memory(catchUpSeconds: number): Promise<ServerMemory> {
    const memory = await this.#process.call('memory', null)
    await sleep(catchUpSeconds * 1000)
    return memory
  }

  /** Calls an RPC of the suite's scripts. */
  operate(rpc: string, payload: RpcPayload): Promise<unknown> {
    return this.#process.call('operate', { rpc, payload })
  }

  /** @throws Error when a metric does not come to have that value */
  async reach(metric: string, value: number): Promise<void> {
    const untilMs = performance.now() + POLLED_WITHIN_MS
    for (;;) {
      const { metrics } = await this.#process.call('read', null)
      const found = new MetricsText(metrics).sum(metric)
      if (found === value) return
      if (performance.now() > untilMs) throw new Error(`${metric} is ${found} and not ${value}`)
      await sleep(POLL_MS)
    }
  }

  heapSnapshot(file: string): Promise<void> {
    return this.#process.call('heapSnapshot', file)
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }
}
