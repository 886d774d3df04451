import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, SeededRandom } from '../testing/index.ts'

const PACKETS = 1000

describe('scenario 12: recorded packets are injected again', { timeout: 90_000 }, () => {
  it('delivers nothing twice, counts every one, and changes nothing', () => {
    forEachSeed(20, (seed) => {
      const random = new SeededRandom(seed, 12)
      const received: number[] = []
      const recorded: Uint8Array[] = []
      const pair = new SimulatedPair({
        seed,
        conditions: { delayMs: 10 },
        server: { onMessage: (_channel, _mode, data) => received.push(numberOf(data)) },
      })
      const inject = (packet: Uint8Array) =>
        pair.network.send(pair.clientAddress, pair.serverAddress, packet.slice())
      // Each twice, at any later time within the run.
      pair.client.onDatagramSent = (buffer, length) => {
        if (recorded.length === PACKETS) return
        const packet = buffer.slice(0, length)
        recorded.push(packet)
        for (let copy = 0; copy < 2; copy++) {
          pair.network.clock.after(1 + random.next() * PACKETS * 20, () => inject(packet))
        }
      }
      pair.every(20, PACKETS, (number) => {
        const mode = number % 2 === 0 ? 'reliable-unordered' : 'unreliable'
        pair.client.send(number % 3, mode, numberedMessage(number, 60))
        pair.client.flush()
      })
      pair.advance(2 * PACKETS * 20 + 1000)
      expect(received.length).toBe(PACKETS)
      expect(new Set(received).size).toBe(PACKETS)
      const dropsOf = () => {
        const { drops } = pair.server.stats()
        return drops.replayed + drops['too-old']
      }
      expect(dropsOf()).toBe(2 * PACKETS)

      // And all of them once more when the connection is quiet, also from an address of an attacker.
      const before = quietStats(pair)
      for (const packet of recorded) {
        inject(packet)
        pair.network.send('203.0.113.9:99', pair.serverAddress, packet.slice())
      }
      pair.advance(50)
      expect(dropsOf()).toBe(4 * PACKETS)
      expect(quietStats(pair)).toEqual(before)
      expect(received.length).toBe(PACKETS)
    })
  })

  it('refuses packets older than the window unopened', () => {
    forEachSeed(20, (seed) => {
      const pair = new SimulatedPair({ seed, conditions: { delayMs: 1 } })
      const packets: Uint8Array[] = []
      pair.upLink.filter = (buffer, offset, length) => {
        packets.push(buffer.slice(offset, offset + length))
        // The third packet is kept back and comes only after more than a window of others.
        return packets.length !== 3
      }
      pair.every(5, 1200, (number) => {
        pair.client.send(0, 'unreliable', numberedMessage(number, 40))
        pair.client.flush()
      })
      pair.advance(7000)
      const before = pair.server.stats().messagesReceived
      pair.upLink.filter = undefined
      pair.network.send(pair.clientAddress, pair.serverAddress, packets[2] ?? new Uint8Array(0))
      pair.advance(10)
      expect(pair.server.stats().drops['too-old']).toBe(1)
      expect(pair.server.stats().messagesReceived).toBe(before)
    })
  })
})

/** The state a replayed packet could have touched. */
function quietStats(pair: SimulatedPair) {
  const { packetsReceived, messagesReceived, pathChanges, smoothedRttMs, packetsSent } = pair.server.stats()
  return {
    packetsReceived,
    messagesReceived,
    pathChanges,
    smoothedRttMs,
    packetsSent,
    states: pair.server.states,
  }
}
