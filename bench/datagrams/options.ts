import { parseArgs } from 'node:util'
import type { Load } from './measure.ts'
import { DATAGRAM_ROWS, type DatagramRow } from './rows.ts'

export interface BenchOptions {
  readonly rows: readonly DatagramRow[]
  readonly loads: readonly Load[]
  readonly seconds: number
  readonly rounds: number
  readonly out: string
}

export const USAGE = `usage: npm run bench:datagrams -- [options]

  --rows LIST           of ${DATAGRAM_ROWS.join(', ')}
  --addresses LIST      how many the datagrams come from (default 1,64,1024)
  --sizes LIST          datagram bytes (default 64,1000)
  --seconds N           measured time of each cell (default 3)
  --rounds N            how often, for medians (default 3)
  --out FILE            results as JSON (default bench/results/datagrams.json)
  --help`

/**
 * Reads the command line; undefined when it asks for help.
 * @throws Error that says which option is wrong
 */
export function parseOptions(args: readonly string[], defaultOut: string): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: DATAGRAM_ROWS.join(',') },
      addresses: { type: 'string', default: '1,64,1024' },
      sizes: { type: 'string', default: '64,1000' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      out: { type: 'string', default: defaultOut },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const sizes = values.sizes.split(',').map((text) => numberIn('--sizes', text, 1, 1400))
  const counts = values.addresses.split(',').map((text) => numberIn('--addresses', text, 1, 65_536))
  return {
    rows: values.rows.split(',').map(rowNamed),
    loads: sizes.flatMap((datagramBytes) => counts.map((addresses) => ({ addresses, datagramBytes }))),
    seconds: numberIn('--seconds', values.seconds, 1, 3600),
    rounds: numberIn('--rounds', values.rounds, 1, 99),
    out: values.out,
  }
}

function rowNamed(name: string): DatagramRow {
  const row = DATAGRAM_ROWS.find((candidate) => candidate === name)
  if (row === undefined) throw new Error(`--rows: ${name} is none of ${DATAGRAM_ROWS.join(', ')}`)
  return row
}

function numberIn(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${option}: ${text} is not a whole number in ${least} … ${most}`)
  }
  return value
}
