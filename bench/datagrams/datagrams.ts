import type { Bench, BenchContext, BenchReport } from '../suite/bench.ts'
import { firstLine } from '../suite/format.ts'
import { measureDatagrams } from './measure.ts'
import { DATAGRAM_MARKS, DATAGRAM_TITLE, datagramCells } from './report.ts'
import { datagramSetting, missingForDatagrams } from './requirements.ts'
import { DATAGRAM_ROWS } from './rows.ts'

const FULL = { addresses: [1, 64, 1_024, 10_000], sizes: [64, 1_000], seconds: 3, rounds: 3 } as const
const QUICK = { addresses: [4], sizes: [64], seconds: 1, rounds: 1 } as const

/** The datagram benchmark as a part of the suite; its own command has more options. */
export const datagrams: Bench = { name: 'datagrams', title: DATAGRAM_TITLE, run }

async function run({ options, progress }: BenchContext): Promise<BenchReport> {
  const missing = missingForDatagrams()
  if (missing !== undefined) return { tables: [], notes: [missing], data: [] }
  const { addresses, sizes, seconds, rounds } = options.isQuick ? QUICK : FULL
  const failures: string[] = []
  const results = await measureDatagrams({
    ...datagramSetting(),
    rows: DATAGRAM_ROWS,
    loads: sizes.flatMap((datagramBytes) => addresses.map((count) => ({ addresses: count, datagramBytes }))),
    seconds: options.seconds ?? seconds,
    rounds,
    log: progress,
    onFailure: (cell, error) => failures.push(`${cell} could not be measured: ${firstLine(error)}`),
  })
  return { tables: [datagramCells(results)], notes: [DATAGRAM_MARKS, ...failures], data: results }
}
