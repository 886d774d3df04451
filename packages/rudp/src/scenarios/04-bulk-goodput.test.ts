import { describe, expect, it } from 'vitest'
import { BulkSender } from '../core/testing/bulk-sender.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, uniformLoss } from '../testing/index.ts'

const SECONDS = 10
const BYTES_PER_SECOND = 1_250_000
const RTT_MS = 60
const BDP_BYTES = (BYTES_PER_SECOND * RTT_MS) / 1000

describe('scenario 4: bulk over 10 Mbit/s, 60 ms RTT and a drop-tail queue of one BDP', {
  timeout: 90_000,
}, () => {
  it('fills at least 90 % of a link without loss', () => {
    forEachSeed(20, (seed) => {
      expect(goodput(seed, 0)).toBeGreaterThanOrEqual(1_080_000)
    })
  })

  it('carries at least 150 KB/s at 1 % loss', () => {
    forEachSeed(20, (seed) => {
      expect(goodput(seed, 0.01)).toBeGreaterThanOrEqual(150_000)
    })
  })
})

function goodput(seed: number, loss: number): number {
  let bytes = 0
  const bulk = new BulkSender(() => pair.server, 0, 'reliable-ordered', 1100)
  const link = {
    delayMs: RTT_MS / 2,
    loss: uniformLoss(loss),
    bandwidthBytesPerSecond: BYTES_PER_SECOND,
    queueBytes: BDP_BYTES,
  }
  const pair: SimulatedPair = new SimulatedPair({
    seed,
    conditions: link,
    server: { onWritable: () => bulk.fill() },
    client: {
      onMessage: (_channel, _mode, data) => {
        bytes += data.length
      },
    },
  })
  pair.advance(200 + seed)
  bulk.fill()
  pair.server.flush()
  pair.advance(SECONDS * 1000)
  return bytes / SECONDS
}
