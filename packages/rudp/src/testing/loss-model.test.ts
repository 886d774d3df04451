import { describe, expect, it } from 'vitest'
import { burstLoss, type LossModel, LossProcess, uniformLoss } from './loss-model.ts'
import { SeededRandom } from './random.ts'

const DRAWS = 200_000

function measure(model: LossModel, seed: number): { rate: number; meanBurst: number } {
  const process = new LossProcess(new SeededRandom(seed))
  let lost = 0
  let bursts = 0
  let wasLost = false
  for (let count = 0; count < DRAWS; count += 1) {
    const isLost = process.isNextLost(model)
    if (isLost) lost += 1
    if (isLost && !wasLost) bursts += 1
    wasLost = isLost
  }
  return { rate: lost / DRAWS, meanBurst: lost / bursts }
}

describe('loss models', () => {
  it('loses nothing without loss', () => {
    expect(measure({ kind: 'none' }, 1).rate).toBe(0)
  })

  it.each([0.01, 0.05, 0.2, 0.5])('loses a share of %d when uniform, each on its own', (rate) => {
    const measured = measure(uniformLoss(rate), 1)
    expect(Math.abs(measured.rate - rate)).toBeLessThan(0.004)
    // Independent losses come in runs of 1 / (1 - rate).
    expect(measured.meanBurst / (1 / (1 - rate))).toBeCloseTo(1, 1)
  })

  it.each([
    { rate: 0.05, meanBurst: 20 },
    { rate: 0.02, meanBurst: 3 },
    { rate: 0.3, meanBurst: 8 },
  ])('loses a share of $rate in bursts of $meanBurst on average', ({ rate, meanBurst }) => {
    const measured = measure(burstLoss(rate, meanBurst), 1)
    expect(Math.abs(measured.rate / rate - 1)).toBeLessThan(0.08)
    expect(Math.abs(measured.meanBurst / meanBurst - 1)).toBeLessThan(0.08)
  })

  it('applies the loss rate of each Gilbert–Elliott state', () => {
    // Half of the time in each state, so the mean of both rates.
    const model: LossModel = {
      kind: 'gilbert-elliott',
      goodToBad: 0.1,
      badToGood: 0.1,
      lossInGood: 0.1,
      lossInBad: 0.5,
    }
    expect(Math.abs(measure(model, 1).rate - 0.3)).toBeLessThan(0.01)
  })
})
