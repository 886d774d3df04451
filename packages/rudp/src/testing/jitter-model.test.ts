import { describe, expect, it } from 'vitest'
import { drawJitterMs, type JitterModel } from './jitter-model.ts'
import { SeededRandom } from './random.ts'

function sample(model: JitterModel): number[] {
  const random = new SeededRandom(1)
  return Array.from({ length: 50_000 }, () => drawJitterMs(model, random)).sort((a, b) => a - b)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

describe('jitter models', () => {
  it('adds nothing without jitter', () => {
    expect(sample({ kind: 'none' }).at(-1)).toBe(0)
  })

  it('spreads uniform jitter evenly over its range', () => {
    const values = sample({ kind: 'uniform', maxMs: 80 })
    expect(values[0]).toBeGreaterThanOrEqual(0)
    expect(values.at(-1)).toBeLessThan(80)
    expect(Math.abs(mean(values) - 40)).toBeLessThan(0.5)
  })

  it('centres normal jitter on zero', () => {
    const values = sample({ kind: 'normal', stdDevMs: 10 })
    expect(Math.abs(mean(values))).toBeLessThan(0.2)
    // 84.1 % of a normal distribution lie below one standard deviation.
    expect(Math.abs((values[42_067] ?? 0) - 10)).toBeLessThan(0.3)
  })

  it('gives Pareto jitter the mean it promises and a tail that is cut', () => {
    const values = sample({ kind: 'pareto', scaleMs: 6, shape: 4, maxMs: 30 })
    expect(values[0]).toBeGreaterThanOrEqual(0)
    expect(Math.abs(mean(values) - 2)).toBeLessThan(0.1)
    expect(values.at(-1)).toBe(30)
  })
})
