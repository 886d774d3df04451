import { parseArgs } from 'node:util'
import { BENCH_ROWS, type BenchRow } from './rows.ts'

export interface BenchOptions {
  readonly parts: readonly ('a' | 'b')[]
  readonly rows: readonly BenchRow[]
  /** Undefined: each part's own default. */
  readonly seconds: number | undefined
  readonly lossPercents: readonly number[]
  readonly connectionCounts: readonly number[]
  readonly messageSizes: readonly number[]
  readonly seed: number
  readonly out: string
}

export const USAGE = `usage: npm run bench:transport -- [options]

  --only a|b            a: messages/s and CPU per message; b: latency over a lossy link (needs root)
  --rows LIST           of ${BENCH_ROWS.join(', ')}
  --seconds N           measured time of each cell (default: 5 in part a, 15 in part b)
  --connections LIST    part a (default 1,10,100,1000)
  --sizes LIST          part a: message bytes (default 64,1000)
  --loss LIST           part b: per cent lost each way (default 0,1,2,5,10)
  --seed N              part b: which packets are lost (default 1)
  --out FILE            results as JSON (default bench/results/transport.json)
  --help`

/**
 * Reads the command line; undefined when it asks for help.
 * @throws Error that says which option is wrong
 */
export function parseOptions(args: readonly string[], defaultOut: string): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rows: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string', default: '1,10,100,1000' },
      sizes: { type: 'string', default: '64,1000' },
      loss: { type: 'string', default: '0,1,2,5,10' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: defaultOut },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { only } = values
  if (only !== undefined && only !== 'a' && only !== 'b') throw new Error('--only must be a or b')
  return {
    parts: only === undefined ? ['a', 'b'] : [only],
    rows: values.rows === undefined ? BENCH_ROWS : values.rows.split(',').map(rowNamed),
    seconds: values.seconds === undefined ? undefined : numberIn('--seconds', values.seconds, 1, 3600),
    connectionCounts: numbersIn('--connections', values.connections, 1, 10_000),
    messageSizes: numbersIn('--sizes', values.sizes, 8, 16_000),
    lossPercents: numbersIn('--loss', values.loss, 0, 50),
    seed: numberIn('--seed', values.seed, 0, 2 ** 31),
    out: values.out,
  }
}

function rowNamed(name: string): BenchRow {
  const row = BENCH_ROWS.find((candidate) => candidate === name)
  if (row === undefined) throw new Error(`--rows: ${name} is none of ${BENCH_ROWS.join(', ')}`)
  return row
}

function numbersIn(option: string, list: string, least: number, most: number): number[] {
  return list.split(',').map((text) => numberIn(option, text, least, most))
}

function numberIn(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new Error(`${option}: ${text} is not a number in ${least} … ${most}`)
  }
  return value
}
