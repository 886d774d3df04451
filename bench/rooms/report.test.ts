import { describe, expect, it } from 'vitest'
import type { CellResult } from './measure/cell.ts'
import { describe as describeResult, emptyTable, loadTables } from './report.ts'

const cost = { coreShare: 0.25, usPerTick: 4.16, busyShare: 0.3 }
const result: CellResult = {
  cell: { language: 'lua', load: 'light', rooms: 1_000, hz: 60, seconds: 10, profile: undefined },
  ticksPerSecond: 59_400,
  skippedPerSecond: 600,
  lateness: { p50Ms: 0.5, p99Ms: 1.25, p999Ms: 12.4, within2Ms: 0.9949 },
  tickUs: 3.04,
  host: cost,
  main: { ...cost, coreShare: 0.1, usPerTick: 1.66 },
  helpersShare: 0.02,
  memory: { host: 2_048, lua: 30_720, main: 1_024, resident: 65_536 },
  drift: { rooms: 1_000, medianMs: 0.04, worstMs: -1.5, ticks: 600_000 },
  inputsPerSecond: 2_000,
  inputsDuePerSecond: 2_000,
  framesPerSecond: 10_000,
  setUpMs: 900,
  isPinned: true,
  otherCpuShare: 0.05,
  isDisturbed: false,
}
const busy = { ...cost, busyShare: 0.95 }

describe('the report of bench:rooms', () => {
  it('gives ticks and lateness in one table and costs in another', () => {
    const [, ticks = '', costs = ''] = loadTables([result]).split(/^Ticks.*|^Cost/m)
    expect(ticks).toContain(
      '| Lua, 1,000 | 60 | 59,400 | 99.0 % | 600 | 0.50 / 1.25 / 12 | 99.49 % | 0.0 (worst -1.5) |',
    )
    expect(costs).toContain(
      '| Lua, 1,000 | 60 | 4.2 | 3.0 | 25 % | 1.7 | 10 % | 2 % | 33.0 | 2,000 | 10,000 |',
    )
    expect(costs).not.toMatch(/[†*‡]/)
  })

  it('gives memory of empty rooms by who holds it', () => {
    expect(emptyTable([result])).toContain('| Lua, 1,000 | 60 | 33.0 | 30.0 | 2.0 | 1.0 | 64.0 | 25.0 % |')
  })

  it.each([
    ['†', { host: busy }, 'more than it can do'],
    ['*', { main: busy }, 'the main thread'],
    ['*', { inputsPerSecond: 1_900 }, 'the main thread'],
    ['‡', { isDisturbed: true }, 'measure again'],
  ])('marks a cell with %s for %j', (mark, change, note) => {
    const tables = loadTables([{ ...result, ...change }])
    expect(tables).toContain(`| Lua, 1,000 ${mark} |`)
    expect(tables.split('\n').at(-1)).toContain(note)
  })

  it('says when threads shared cores', () => {
    expect(loadTables([{ ...result, isPinned: false }])).toContain('threads were not pinned')
  })

  it('does not invent a figure for what lies beyond the last bound, which JSON turns into null', () => {
    const json = JSON.parse(JSON.stringify({ ...result.lateness, p999Ms: Number.POSITIVE_INFINITY }))
    expect(describeResult({ ...result, lateness: json })).toContain('late 0.50 / 1.25 / > 1,000 ms')
  })

  it('tells who waits what disturbed a cell', () => {
    expect(describeResult({ ...result, isDisturbed: true, otherCpuShare: 0.5 })).toMatch(
      /DISTURBED: other programs used 50 % of a core$/,
    )
  })
})
