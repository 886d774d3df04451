import { describe, expect, it } from 'vitest'
import type { CongestionOptions } from '../core/congestion/controller.ts'
import { BulkSender } from '../core/testing/bulk-sender.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, type LinkConditions, uniformLoss } from '../testing/index.ts'

const SECONDS = 60

const LOSSY = {
  delayMs: 50,
  loss: uniformLoss(0.2),
  duplicateRate: 0.05,
  reorderRate: 0.1,
  reorderDelayMs: 30,
}

describe('scenario 3: a saturating sender at 20 % loss and 100 ms RTT', { timeout: 90_000 }, () => {
  it('carries at least 12 KB/s with NewReno', () => {
    forEachSeed(20, (seed) => {
      expect(goodput(seed, { algorithm: 'newreno' }, {})).toBeGreaterThanOrEqual(12_000)
    })
  })

  it('carries at least 60 % of a 1 Mbit/s link with the game controller', () => {
    const link = { bandwidthBytesPerSecond: 125_000, queueBytes: 25_000 }
    forEachSeed(20, (seed) => {
      expect(goodput(seed, { algorithm: 'game' }, link)).toBeGreaterThanOrEqual(75_000)
    })
  })
})

/** Bytes per second delivered from server to client. */
function goodput(seed: number, congestion: CongestionOptions, link: Partial<LinkConditions>): number {
  let bytes = 0
  const bulk = new BulkSender(() => pair.server, 0, 'reliable-ordered', 1100)
  const pair: SimulatedPair = new SimulatedPair({
    seed,
    conditions: LOSSY,
    backward: { ...LOSSY, ...link },
    server: { congestion, onWritable: () => bulk.fill() },
    client: {
      onMessage: (_channel, _mode, data) => {
        bytes += data.length
      },
    },
  })
  pair.advance(500)
  bulk.fill()
  pair.server.flush()
  pair.advance(SECONDS * 1000)
  return bytes / SECONDS
}
