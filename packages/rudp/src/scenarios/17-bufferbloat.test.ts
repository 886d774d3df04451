import { describe, expect, it } from 'vitest'
import { BULK_PRIORITY } from '../core/channel-options.ts'
import { BulkSender } from '../core/testing/bulk-sender.ts'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { quantile } from '../core/testing/quantile.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed } from '../testing/index.ts'

const SECONDS = 30
const BYTES_PER_SECOND = 250_000
const RTT_MS = 40
const TICK_MS = 50
const GAME = 0
const BULK = 1

describe('scenario 17: bulk and a game at 20 Hz over 2 Mbit/s with a second of buffer', {
  timeout: 90_000,
}, () => {
  it('keeps the game’s p95 within 100 ms of the base while bulk takes at least half of the link', () => {
    forEachSeed(20, (seed) => {
      const channels = [{ priority: 1 }, { priority: BULK_PRIORITY }]
      const sentAtMs: number[] = []
      const roundTripsMs: number[] = []
      let bulkBytes = 0
      const bulk = new BulkSender(() => pair.server, BULK, 'reliable-ordered', 16 * 1100)
      const pair: SimulatedPair = new SimulatedPair({
        seed,
        conditions: {
          delayMs: RTT_MS / 2,
          jitter: { kind: 'uniform', maxMs: 1 },
          keepsOrder: true,
          bandwidthBytesPerSecond: BYTES_PER_SECOND,
          queueBytes: BYTES_PER_SECOND,
        },
        server: {
          channels,
          onWritable: () => bulk.fill(),
          onMessage: (_channel, mode, data) => {
            pair.server.send(GAME, mode, data)
            pair.server.connection.flush(pair.nowMs)
          },
        },
        client: {
          channels,
          onMessage: (channel, _mode, data, nowMs) => {
            if (channel === BULK) bulkBytes += data.length
            else roundTripsMs.push(nowMs - (sentAtMs[numberOf(data)] ?? 0))
          },
        },
      })
      pair.every(TICK_MS, (SECONDS * 1000) / TICK_MS, (number) => {
        sentAtMs[number] = pair.nowMs
        pair.client.send(GAME, 'unreliable', numberedMessage(number, 200))
        pair.client.flush()
      })
      pair.advance(100 + seed)
      bulk.fill()
      pair.server.flush()
      pair.advance(SECONDS * 1000)
      expect(quantile(roundTripsMs, 0.95)).toBeLessThanOrEqual(RTT_MS + 100)
      expect(bulkBytes / SECONDS).toBeGreaterThanOrEqual(BYTES_PER_SECOND / 2)
    })
  })
})
