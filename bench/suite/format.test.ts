import { describe, expect, it } from 'vitest'
import { figure, firstLine, mebibytes, percent, unless } from './format.ts'

describe('figure', () => {
  it('keeps three digits, and says when there is none', () => {
    expect([0, 0.421, 3.456, 12.34, 99.6, 1_234.5].map(figure)).toEqual([
      '0',
      '0.42',
      '3.46',
      '12.3',
      '100',
      '1,235',
    ])
    expect([Number.NaN, Number.POSITIVE_INFINITY].map(figure)).toEqual(['–', '–'])
  })
})

describe('percent and mebibytes', () => {
  it('print shares and sizes', () => {
    expect([percent(0.9876), percent(Number.NaN), mebibytes(3 * 1_048_576)]).toEqual(['98.8 %', '–', '3.00'])
  })
})

describe('unless', () => {
  it('does not give a figure that is the generator’s', () => {
    expect([unless(true, '50 ms'), unless(false, '50 ms')]).toEqual(['–', '50 ms'])
  })
})

describe('firstLine', () => {
  it('leaves the stack out', () => {
    expect([firstLine(new Error('broken\n  at x')), firstLine('odd')]).toEqual(['broken', 'odd'])
  })
})
