import { describe, expect, it } from 'vitest'
import { numberedMessage, numberOf } from '../core/testing/numbered-message.ts'
import { SimulatedPair } from '../core/testing/simulated-pair.ts'
import { forEachSeed, uniformLoss } from '../testing/index.ts'

const RTT_MS = 60
const TICK_MS = 50
const REBIND_AT_MS = 5000
const TICKS = 240

describe('scenario 15: the client’s address changes in mid-session', () => {
  it.each([
    { change: 'port', address: '10.0.1.0:4999' },
    { change: 'IP', address: '10.0.9.9:4000' },
  ])('goes on after a change of the $change within 2 RTT and 100 ms, at 5 % loss', ({ address }) => {
    const interruptions: number[] = []
    forEachSeed(20, (seed) => {
      const { pair, arrivals, received } = start(seed, 0.05)
      pair.advance(REBIND_AT_MS)
      const budget = watchBudget(pair, address)
      pair.client.socket.rebind(address)
      pair.advance(TICKS * TICK_MS)
      expect(received).toEqual(Array.from({ length: TICKS }, (_, number) => number))
      expect(pair.server.validatedPaths).toEqual([address])
      expect(pair.client.states).toEqual([])
      expect(pair.server.states).toEqual(['open'])
      expect(budget()).toBeLessThanOrEqual(3)
      interruptions.push(longestGap(arrivals, REBIND_AT_MS - TICK_MS, REBIND_AT_MS + 2000) - TICK_MS)
    })
    // Where the very packets of the change are lost it takes a tick longer; that is the loss, not the change.
    const within = interruptions.filter((gapMs) => gapMs <= 2 * RTT_MS + 100)
    expect(within.length).toBe(interruptions.length)
  })

  it('keeps the flow with the client when a replayer elsewhere is quicker than it', () => {
    forEachSeed(20, (seed) => {
      const { pair, received, arrivals } = start(seed, 0.05)
      pair.advance(REBIND_AT_MS)
      const attacker = '203.0.113.9:99'
      let stolenBytes = 0
      let repeatedBytes = 0
      pair.network.attach(attacker, (_buffer, length) => {
        stolenBytes += length
      })
      pair.network.route(attacker, pair.serverAddress, pair.network.createLink({ delayMs: 1 }))
      // An observer repeats every tenth packet of the client from its own address, ahead of the client's.
      let seen = 0
      pair.upLink.filter = (buffer, offset, length) => {
        if (seen++ % 10 === 0) {
          repeatedBytes += length
          pair.network.send(attacker, pair.serverAddress, buffer, offset, length)
        }
        return true
      }
      pair.advance(TICKS * TICK_MS)
      expect(received).toEqual(Array.from({ length: TICKS }, (_, number) => number))
      expect(pair.server.validatedPaths).toEqual([])
      expect(pair.server.states).toEqual(['open'])
      expect(stolenBytes).toBeGreaterThan(0)
      expect(stolenBytes).toBeLessThanOrEqual(3 * repeatedBytes)
      expect(longestGap(arrivals, REBIND_AT_MS, REBIND_AT_MS + 5000)).toBeLessThanOrEqual(
        TICK_MS + 2 * RTT_MS + 100,
      )
    })
  })
})

/** A game: state from server to client and input from client to server, each tick. */
function start(seed: number, loss: number) {
  const received: number[] = []
  const arrivals: number[] = []
  const pair = new SimulatedPair({
    seed,
    conditions: { delayMs: RTT_MS / 2, loss: uniformLoss(loss) },
    client: {
      onMessage: (_channel, mode, data, nowMs) => {
        arrivals.push(nowMs)
        if (mode === 'reliable-ordered') received.push(numberOf(data))
      },
    },
  })
  pair.every(TICK_MS, TICKS, (number) => {
    pair.server.send(0, 'reliable-ordered', numberedMessage(number, 100))
    pair.server.flush()
  })
  pair.every(TICK_MS, TICKS, () => {
    pair.client.send(1, 'unreliable-sequenced', new Uint8Array(100))
    pair.client.flush()
  })
  return { pair, received, arrivals }
}

/** Bytes sent to an address per byte received from it, at its highest before that address was validated. */
function watchBudget(pair: SimulatedPair, address: string): () => number {
  let received = 0
  let sent = 0
  let highest = 0
  pair.upLink.filter = (_buffer, _offset, length, _nowMs, from) => {
    if (from === address) received += length
    return true
  }
  pair.server.onDatagramSent = (_buffer, length, to) => {
    if (to !== address || pair.server.validatedPaths.length > 0) return
    sent += length
    highest = Math.max(highest, sent / received)
  }
  return () => highest
}

function longestGap(timesMs: readonly number[], fromMs: number, toMs: number): number {
  const within = [fromMs, ...timesMs.filter((atMs) => atMs >= fromMs && atMs <= toMs), toMs]
  return Math.max(...within.map((atMs, index) => atMs - (within[index - 1] ?? atMs)))
}
