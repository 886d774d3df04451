import { describe, expect, it } from 'vitest'
import { uniformLoss } from '../testing/index.ts'
import { CloseCode } from './close-code.ts'
import { numberedMessage, numberOf } from './testing/numbered-message.ts'
import { SimulatedPair } from './testing/simulated-pair.ts'

describe('numbers that wrap, under loss and reordering', () => {
  it.each(['reliable-ordered', 'reliable-unordered', 'unreliable-sequenced'] as const)(
    '16-bit numbers of %s messages',
    (mode) => {
      const messages = 70_000
      let received = 0
      let newest = -1
      const pair = new SimulatedPair({
        seed: 2,
        conditions: { delayMs: 5, loss: uniformLoss(0.02), reorderRate: 0.05, reorderDelayMs: 5 },
        client: {
          onMessage: (_channel, _mode, data) => {
            const number = numberOf(data)
            if (mode === 'reliable-ordered') expect(number).toBe(newest + 1)
            if (mode === 'unreliable-sequenced') expect(number).toBeGreaterThan(newest)
            newest = Math.max(newest, number)
            received++
          },
        },
      })
      let number = 0
      // In sequence only the newest of a flush is sent, so each has a flush of its own.
      const perTick = mode === 'unreliable-sequenced' ? 1 : 20
      pair.every(perTick === 1 ? 1 : 10, messages / perTick, () => {
        for (let count = 0; count < perTick; count++) pair.server.send(0, mode, numberedMessage(number++, 4))
        pair.server.flush()
      })
      pair.advance(messages * (perTick === 1 ? 1 : 0.5) + 5000)
      if (mode === 'unreliable-sequenced') expect(received).toBeGreaterThan(0.85 * messages)
      else expect(received).toBe(messages)
    },
  )

  it.each([0, 2 ** 16, 2 ** 24, 2 ** 32])('packet numbers at %i, in both directions', (boundary) => {
    const first = Math.max(0, boundary - 400)
    const numbers = { sent: first, received: first }
    const received: { client: number[]; server: number[] } = { client: [], server: [] }
    const pair = new SimulatedPair({
      seed: 3,
      conditions: {
        delayMs: 25,
        loss: uniformLoss(0.1),
        reorderRate: 0.1,
        reorderDelayMs: 50,
        duplicateRate: 0.1,
      },
      client: {
        firstPacketNumbers: numbers,
        onMessage: (_channel, _mode, data) => received.client.push(numberOf(data)),
      },
      server: {
        firstPacketNumbers: numbers,
        onMessage: (_channel, _mode, data) => received.server.push(numberOf(data)),
      },
    })
    const messages = 1000
    pair.every(10, messages, (number) => {
      for (const peer of [pair.client, pair.server]) {
        peer.send(0, 'reliable-ordered', numberedMessage(number, 30))
        peer.flush()
      }
    })
    pair.advance(messages * 10 + 3000)
    const all = Array.from({ length: messages }, (_, number) => number)
    expect(received).toEqual({ client: all, server: all })
    expect(pair.client.stats().drops.authentication).toBe(0)
  })

  it('are not used up: a connection closes at packet number 2^48', () => {
    const numbers = { sent: 2 ** 48 - 10, received: 2 ** 48 - 10 }
    const pair = new SimulatedPair({
      seed: 3,
      conditions: { delayMs: 5 },
      client: { firstPacketNumbers: numbers },
      server: { firstPacketNumbers: numbers },
    })
    pair.every(50, 100, () => {
      pair.client.send(0, 'unreliable', new Uint8Array(10))
      pair.client.flush()
    })
    pair.advance(10_000)
    expect(pair.client.closeInfo).toMatchObject({ code: CloseCode.Internal, byPeer: false })
    expect(pair.server.closeInfo).toMatchObject({ code: CloseCode.Internal, byPeer: true })
  })
})
