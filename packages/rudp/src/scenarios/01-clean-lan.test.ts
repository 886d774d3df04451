import { describe, expect, it } from 'vitest'
import { FrameReader } from '../core/frame-reader.ts'
import { FrameType } from '../core/frame-types.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import type { SimulatedPeer } from '../core/testing/simulated-peer.ts'
import { forEachSeed } from '../testing/index.ts'

const TICK_MS = 50
const MINUTES = 10
const TICKS = (MINUTES * 60_000) / TICK_MS
const STATE = new Uint8Array(200)
const COMMAND = new Uint8Array(40)

describe('scenario 1: a clean LAN for ten minutes', { timeout: 90_000 }, () => {
  it('sends one datagram per tick and direction, with little overhead and nothing twice', () => {
    forEachSeed(20, (seed) => {
      const pair = new SimulatedPair({ seed, conditions: { delayMs: 1 } })
      const longestAckDelayMs = watchAckDelay(pair.client, 11)
      // The two ticks are half a tick apart, so each side's ACKs ride the other's next packet in time.
      tick(pair, pair.client, TICK_MS)
      tick(pair, pair.server, TICK_MS * 1.5)
      pair.advance(MINUTES * 60_000)
      const ackDelayMs = longestAckDelayMs()
      pair.advance(1000)

      for (const peer of [pair.client, pair.server]) {
        const stats = peer.stats()
        expect(stats.framesRetransmitted + stats.framesRepeated).toBe(0)
        expect(stats.packetsLost + stats.packetsLostSpuriously + stats.probeTimeouts).toBe(0)
        expect(Math.abs(peer.datagramsSent / TICKS - 1)).toBeLessThan(0.02)
      }
      const datagrams = pair.client.datagramsSent + pair.server.datagramsSent
      const payloadBytes = 2 * TICKS * (STATE.length + COMMAND.length / 4)
      const bytes = pair.client.bytesSent + pair.server.bytesSent
      expect((bytes - payloadBytes) / datagrams).toBeLessThanOrEqual(35)
      expect(ackDelayMs).toBeLessThanOrEqual(26)
    })
  })
})

/** State each tick, and five reliable messages a second. */
function tick(pair: SimulatedPair, peer: SimulatedPeer, firstMs: number): void {
  pair.every(
    TICK_MS,
    TICKS,
    (index) => {
      peer.send(0, 'unreliable-sequenced', STATE)
      if (index % 4 === 0) peer.send(1, 'reliable-ordered', COMMAND)
      peer.flush()
    },
    firstMs,
  )
}

/** Reads the ACK delay out of each packet; the stand-in for encryption leaves it readable. */
function watchAckDelay(peer: SimulatedPeer, headerBytes: number): () => number {
  const frame = new FrameReader()
  let longestMs = 0
  peer.onDatagramSent = (buffer, length) => {
    frame.reset(buffer, headerBytes, length - 16)
    if (frame.next() === FrameType.Ack) longestMs = Math.max(longestMs, frame.ackDelayMs)
  }
  return () => longestMs
}
