import { expect, it } from 'vitest'
import { percentilesOf } from './percentiles.ts'

it('takes percentiles by nearest rank, whatever the order', () => {
  const values = Array.from({ length: 1000 }, (_, index) => 1000 - index)
  expect(percentilesOf(values)).toEqual({ p50: 500, p95: 950, p99: 990, p999: 999, max: 1000 })
})

it('has only one value to give for a sample of one', () => {
  expect(percentilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7, p999: 7, max: 7 })
})

it('has no percentiles of nothing', () => {
  expect(percentilesOf([]).p50).toBeNaN()
})
