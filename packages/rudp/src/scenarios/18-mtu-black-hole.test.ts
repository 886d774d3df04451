import { describe, expect, it } from 'vitest'
import { BulkSender } from '../core/testing/bulk-sender.ts'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed } from '../testing/index.ts'

const RTT_MS = 50
const BLACK_HOLE_AT_MS = 30_000
const MESSAGE_BYTES = 440

describe('scenario 18: the path drops more than 1250 bytes after 30 s, with MTU discovery on', {
  timeout: 90_000,
}, () => {
  it('finds a larger MTU first, falls back to 1200 within 4 PTO, and loses nothing', () => {
    forEachSeed(20, (seed) => {
      const received: number[] = []
      const pair = new SimulatedPair({
        seed,
        conditions: { delayMs: RTT_MS / 2 },
        server: { mtu: { discovery: true } },
        client: { onMessage: (_channel, _mode, data) => received.push(numberOf(data)) },
      })
      // Three messages a tick fill more than 1200 bytes, so the larger size is used.
      let number = 0
      pair.every(50, 1200, () => {
        for (let index = 0; index < 3; index++) {
          pair.server.send(0, 'reliable-ordered', numberedMessage(number++, MESSAGE_BYTES))
        }
        pair.server.flush()
      })
      pair.advance(BLACK_HOLE_AT_MS + seed)
      expect(pair.server.stats().mtuBytes).toBe(1472)
      expect(pair.server.stats().packetsLost).toBe(0)
      pair.downLink.update({ maxDatagramBytes: 1250 })
      const probeTimeoutMs = 2 * RTT_MS
      pair.advance(4 * probeTimeoutMs)
      expect(pair.server.stats().mtuBytes).toBe(1200)
      pair.advance(60_000)
      expect(received).toEqual(Array.from({ length: number }, (_, index) => index))
      expect(pair.server.states).toEqual(['open'])
      expect(pair.client.states).toEqual([])
    })
  })

  it('does not shrink the congestion window when probes are lost', () => {
    forEachSeed(20, (seed) => {
      const bulk = new BulkSender(() => pair.server, 0, 'reliable-ordered', 1100)
      const pair: SimulatedPair = new SimulatedPair({
        seed,
        conditions: { delayMs: RTT_MS / 2, maxDatagramBytes: 1200 },
        server: { mtu: { discovery: true }, onWritable: () => bulk.fill() },
      })
      pair.advance(100 + seed)
      bulk.fill()
      pair.server.flush()
      let windowBytes = 0
      pair.every(100, 25, () => {
        const { congestionWindowBytes } = pair.server.stats()
        expect(congestionWindowBytes).toBeGreaterThanOrEqual(windowBytes)
        windowBytes = congestionWindowBytes
      })
      pair.advance(2600)
      expect(pair.downLink.counters.droppedBySize).toBe(3)
      expect(pair.server.stats().packetsLost).toBe(0)
      expect(pair.server.stats().mtuBytes).toBe(1200)
    })
  })
})
