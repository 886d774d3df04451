import type { CellResult } from './measure/cell.ts'

/** An event loop above this share is taken to be busy all the time. */
const BUSY_SHARE = 0.9
/** Fewer inputs than this share of those due: the generator did not keep up. */
const INPUT_SHARE = 0.98
const KIB = 1024

/** Markdown: what was achieved, and what it cost. */
export function loadTables(results: readonly CellResult[]): string {
  const lateness = table(
    [
      'rooms',
      'Hz',
      'ticks/s',
      'of those due',
      'skipped/s',
      'late p50 / p99 / p99.9, ms',
      '≤ 2 ms',
      'drift, ms',
    ],
    results.map((result) => [
      ...nameOf(result),
      count(result.ticksPerSecond),
      percent(result.ticksPerSecond / (result.cell.rooms * result.cell.hz), 1),
      count(result.skippedPerSecond),
      latenessOf(result),
      percent(result.lateness.within2Ms, 2),
      driftOf(result),
    ]),
  )
  const cost = table(
    [
      'rooms',
      'Hz',
      'host CPU µs per tick',
      'of that in the tick',
      'host core',
      'main CPU µs per tick',
      'main core',
      'other threads',
      'KiB per room',
      'inputs/s',
      'frames/s',
    ],
    results.map((result) => [
      ...nameOf(result),
      result.host.usPerTick.toFixed(1),
      result.tickUs.toFixed(1),
      percent(result.host.coreShare, 0),
      result.main.usPerTick.toFixed(1),
      percent(result.main.coreShare, 0),
      percent(result.helpersShare, 0),
      memoryOf(result),
      count(result.inputsPerSecond),
      count(result.framesPerSecond),
    ]),
  )
  return `Ticks: how many, how late\n\n${lateness}\n\nCost\n\n${cost}${marksNote(results)}`
}

/** Markdown: what a room costs in which nothing happens. */
export function emptyTable(results: readonly CellResult[]): string {
  const lines = results.map((result) => {
    const { memory, host, main, helpersShare } = result
    return [
      ...nameOf(result),
      kib(memory.lua + memory.host + memory.main),
      kib(memory.lua),
      kib(memory.host),
      kib(memory.main),
      kib(memory.resident),
      percent(host.coreShare, 1),
      percent(main.coreShare, 1),
      percent(helpersShare, 1),
      host.usPerTick.toFixed(1),
      latenessOf(result),
    ]
  })
  const header = [
    'rooms',
    'Hz',
    'KiB per room',
    'Lua',
    'host heap',
    'main heap',
    'resident',
    'host core',
    'main core',
    'other threads',
    'host CPU µs per tick',
    'late p50 / p99 / p99.9, ms',
  ]
  return `Empty rooms\n\n${table(header, lines)}${marksNote(results)}`
}

/** One line, for somebody who waits. */
export function describe(result: CellResult): string {
  const { cell, host, main, otherCpuShare, isDisturbed } = result
  return (
    `${cell.load} ${nameOf(result).join(' rooms, ')} Hz: ${count(result.ticksPerSecond)} ticks/s, ` +
    `${count(result.skippedPerSecond)} skipped/s, late ${latenessOf(result)} ms, ` +
    `host ${host.usPerTick.toFixed(1)} µs per tick and ${percent(host.coreShare, 0)} of a core, ` +
    `main ${percent(main.coreShare, 0)}, drift ${driftOf(result)} ms` +
    (isDisturbed ? ` DISTURBED: other programs used ${percent(otherCpuShare, 0)} of a core` : '')
  )
}

function nameOf(result: CellResult): [string, string] {
  const { language, rooms, hz } = result.cell
  return [`${language === 'lua' ? 'Lua' : 'TypeScript'}, ${count(rooms)}${marksOf(result)}`, String(hz)]
}

function marksOf({ host, main, isDisturbed, inputsPerSecond, inputsDuePerSecond }: CellResult): string {
  const isGeneratorSlow = inputsPerSecond < inputsDuePerSecond * INPUT_SHARE
  return (
    (host.busyShare >= BUSY_SHARE ? ' †' : '') +
    (main.busyShare >= BUSY_SHARE || isGeneratorSlow ? ' *' : '') +
    (isDisturbed ? ' ‡' : '')
  )
}

function marksNote(results: readonly CellResult[]): string {
  const marks = results.map(marksOf).join('')
  const notes = [
    marks.includes('†') ? ['† the host was busy all the time: more than it can do'] : [],
    marks.includes('*') ? ['* the main thread, with the players, was busy all the time'] : [],
    marks.includes('‡') ? ['‡ something else had the processor meanwhile: measure again'] : [],
    results.some(({ isPinned }) => !isPinned) ? ['threads were not pinned to cores'] : [],
  ].flat()
  return notes.length === 0 ? '' : `\n\n${notes.join('; ')}`
}

function latenessOf({ lateness: { p50Ms, p99Ms, p999Ms } }: CellResult): string {
  return [p50Ms, p99Ms, p999Ms].map(milliseconds).join(' / ')
}

function driftOf({ drift: { medianMs, worstMs } }: CellResult): string {
  return `${medianMs.toFixed(1)} (worst ${worstMs.toFixed(1)})`
}

function memoryOf({ memory }: CellResult): string {
  return kib(memory.lua + memory.host + memory.main)
}

/** JSON knows no Infinity: it arrives as null, which is a quantile beyond the last bound of the histogram. */
function milliseconds(ms: number | null): string {
  if (ms === null || ms === Number.POSITIVE_INFINITY) return '> 1,000'
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(0)
}

function kib(bytes: number): string {
  return (bytes / KIB).toFixed(1)
}

function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)} %`
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = header.map((_, index) => (index === 0 ? '---' : '---:'))
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
