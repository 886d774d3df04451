import { describe, expect, it } from 'vitest'
import { uniformLoss } from '../testing/index.ts'
import { SimulatedPair } from './testing/simulated-pair.ts'

describe('a connection', () => {
  it('delivers reliable-ordered messages once and in order under loss, duplication and reordering', () => {
    const received: number[] = []
    const pair = new SimulatedPair({
      seed: 1,
      conditions: {
        delayMs: 50,
        loss: uniformLoss(0.2),
        duplicateRate: 0.05,
        reorderRate: 0.1,
        reorderDelayMs: 30,
      },
      server: { onMessage: (_channel, _mode, data) => received.push(data[0]! | (data[1]! << 8)) },
    })
    pair.every(20, 2000, (index) => {
      expect(
        pair.client.send(
          0,
          'reliable-ordered',
          new Uint8Array([index & 255, index >> 8, ...new Array(98).fill(0)]),
        ),
      ).toBe('queued')
      pair.client.flush()
    })
    pair.advance(45_000)
    expect(received.length).toBe(2000)
    expect(received).toEqual(Array.from({ length: 2000 }, (_, index) => index))
    console.log(pair.client.stats())
  })
})
