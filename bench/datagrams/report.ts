import { toTable } from '../suite/markdown.ts'
import { type DatagramResult, describeLoad, type Load } from './measure.ts'
import { DATAGRAM_ROWS, type DatagramRow, ROW_TITLES } from './rows.ts'

/** What the cells say. */
export const DATAGRAM_TITLE =
  'Echo on one core: server CPU time per datagram, datagrams/s (CPU time of C as a share of this row’s), by addresses and datagram size'

/** What the marks say. */
export const DATAGRAM_MARKS =
  '* the generator was the bottleneck; † neither was busy all the time: the CPU time counts, not the rate'

/** Rows down, loads across; medians of the rounds, and of what C needs as a share of it in the same round. */
export function datagramCells(results: readonly DatagramResult[]): { head: string[]; rows: string[][] } {
  const loads = uniqueLoads(results)
  const rows = DATAGRAM_ROWS.filter((row) => results.some((result) => result.row === row))
  return {
    head: ['', ...loads.map(describeLoad)],
    rows: rows.map((row) => [ROW_TITLES[row], ...loads.map((load) => cellOf(results, row, load))]),
  }
}

/** {@link datagramCells} in Markdown, with what it says. */
export function datagramTable(results: readonly DatagramResult[]): string {
  return `${DATAGRAM_TITLE}\n\n${toTable(datagramCells(results))}\n\n${DATAGRAM_MARKS}`
}

function cellOf(results: readonly DatagramResult[], row: DatagramRow, load: Load): string {
  const own = ofCell(results, row, load)
  if (own.length === 0) return '–'
  const cpuUs = median(own.map((result) => result.serverCpuUs))
  const perSecond = Math.round(median(own.map((result) => result.perSecond))).toLocaleString('en-US')
  const share = row === 'c' ? undefined : shareOf(own, ofCell(results, 'c', load))
  const lost = own.reduce((sum, result) => sum + result.lost, 0)
  return `${cpuUs.toFixed(2)} µs, ${perSecond}/s${share === undefined ? '' : ` (${Math.round(share * 100)} %)`}${markOf(own)}${lost > 0 ? `, ${lost} lost` : ''}`
}

/** CPU time of C as a share of the row's, the median of those rounds that measured both. */
function shareOf(own: readonly DatagramResult[], ofC: readonly DatagramResult[]): number | undefined {
  const shares = own.flatMap(({ round, serverCpuUs }) =>
    ofC.filter((c) => c.round === round).map((c) => c.serverCpuUs / serverCpuUs),
  )
  return shares.length === 0 ? undefined : median(shares)
}

function markOf(results: readonly DatagramResult[]): string {
  if (results.every(({ bottleneck }) => bottleneck === 'server')) return ''
  return results.some(({ bottleneck }) => bottleneck === 'generator') ? ' *' : ' †'
}

function ofCell(results: readonly DatagramResult[], row: DatagramRow, load: Load): DatagramResult[] {
  return results.filter((result) => result.row === row && describeLoad(result.load) === describeLoad(load))
}

function uniqueLoads(results: readonly DatagramResult[]): Load[] {
  return [...new Map(results.map(({ load }) => [describeLoad(load), load])).values()]
}

/** The middle value, the lower of the two middle ones when there are as many on both sides. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}
