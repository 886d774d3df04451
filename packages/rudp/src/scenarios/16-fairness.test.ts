import { describe, expect, it } from 'vitest'
import { BulkSender } from '../core/testing/bulk-sender.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, type Link, NetworkSimulator, SeededRandom } from '../testing/index.ts'
import { RenoFlow } from './reno-flow.ts'

const SECONDS = 60
const BYTES_PER_SECOND = 1_000_000
const RTT_MS = 60

describe('scenario 16: two bulk flows over 8 Mbit/s, 60 ms RTT and a queue of one BDP', {
  timeout: 90_000,
}, () => {
  it('shares the link evenly between two flows: Jain index at least 0.95', () => {
    forEachSeed(20, (seed) => {
      const { network, bottleneck } = createNetwork(seed)
      const first = new BulkFlow(network, bottleneck, seed, 1)
      const second = new BulkFlow(network, bottleneck, seed, 2)
      runBoth(network, seed, first, second)
      const sum = first.deliveredBytes + second.deliveredBytes
      const squares = first.deliveredBytes ** 2 + second.deliveredBytes ** 2
      expect(sum ** 2 / (2 * squares)).toBeGreaterThanOrEqual(0.95)
      expect(sum / SECONDS).toBeGreaterThan(0.85 * BYTES_PER_SECOND)
    })
  })

  it('takes between 30 and 70 % beside a Reno TCP flow', () => {
    forEachSeed(20, (seed) => {
      const { network, bottleneck } = createNetwork(seed)
      const ours = new BulkFlow(network, bottleneck, seed, 1)
      network.route('tcp-sender', '*', bottleneck)
      const tcp = new RenoFlow(network, 'tcp-sender', 'tcp-receiver')
      runBoth(network, seed, ours, tcp)
      const share = ours.deliveredBytes / (ours.deliveredBytes + tcp.deliveredBytes)
      expect(share).toBeGreaterThanOrEqual(0.3)
      expect(share).toBeLessThanOrEqual(0.7)
    })
  })
})

interface Flow {
  readonly deliveredBytes: number
  start(): void
}

class BulkFlow implements Flow {
  deliveredBytes = 0
  readonly #pair: SimulatedPair
  readonly #bulk: BulkSender

  constructor(network: NetworkSimulator, bottleneck: Link, seed: number, index: number) {
    this.#bulk = new BulkSender(() => this.#pair.server, 0, 'reliable-ordered', 1100)
    this.#pair = new SimulatedPair({
      seed,
      shared: { network, index },
      server: { onWritable: () => this.#bulk.fill() },
      client: {
        onMessage: (_channel, _mode, data) => {
          this.deliveredBytes += data.length
        },
      },
    })
    network.route(this.#pair.serverAddress, '*', bottleneck)
  }

  start(): void {
    this.#bulk.fill()
    this.#pair.server.flush()
  }
}

/** One bottleneck from all servers to all clients; the way back has room for everything. */
function createNetwork(seed: number) {
  const network = new NetworkSimulator({ seed, conditions: { delayMs: RTT_MS / 2 } })
  const bottleneck = network.createLink({
    delayMs: RTT_MS / 2,
    bandwidthBytesPerSecond: BYTES_PER_SECOND,
    queueBytes: (BYTES_PER_SECOND * RTT_MS) / 1000,
  })
  return { network, bottleneck }
}

/** The second starts up to a second after the first. */
function runBoth(network: NetworkSimulator, seed: number, first: Flow, second: Flow): void {
  network.clock.advance(200)
  first.start()
  network.clock.after(new SeededRandom(seed, 16).next() * 1000, () => second.start())
  network.clock.advance(SECONDS * 1000)
}
