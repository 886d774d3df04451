import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LatencyResult, measureLatency } from './latency/latency.ts'
import { hasCommand, missingForLossyLink } from './lossy-link/requirements.ts'
import { type BenchOptions, parseOptions, USAGE } from './options.ts'
import { latencyTable, throughputTables } from './report.ts'
import { isEnetRow } from './rows.ts'
import { measureThroughput, type ThroughputResult } from './throughput/throughput.ts'

const DEFAULT_OUT = fileURLToPath(new URL('../../results/transport.json', import.meta.url))
const THROUGHPUT_SECONDS = 5
const LATENCY_SECONDS = 15

// Interrupted or not, 'exit' handlers remove what the benchmark made in the system.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  const options = parseOptions(process.argv.slice(2), DEFAULT_OUT)
  if (options === undefined) console.log(USAGE)
  else await run(options)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function run(options: BenchOptions): Promise<void> {
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}, Node ${process.version}`
  const startedAt = new Date().toISOString()
  log(machine)
  const throughput = options.parts.includes('a') ? await runThroughput(options) : []
  const latency = options.parts.includes('b') ? await runLatency(options) : []
  console.log(`\n${machine}`)
  if (throughput.length > 0) console.log(`\n${throughputTables(throughput)}`)
  if (latency.length > 0) console.log(`\n${latencyTable(latency)}`)
  mkdirSync(dirname(options.out), { recursive: true })
  const results = { machine, startedAt, options, throughput, latency }
  writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`)
  log(`results are in ${options.out}`)
}

function runThroughput(options: BenchOptions): Promise<ThroughputResult[]> {
  const isPinned = availableParallelism() > 1 && hasCommand('taskset', '--version')
  if (!isPinned) log('no taskset, or one core only: server and generator are not pinned')
  return measureThroughput({
    rows: options.rows.filter((row) => !isEnetRow(row)).filter((row) => row !== 'rudp-ordered-eager'),
    connectionCounts: options.connectionCounts,
    messageSizes: options.messageSizes,
    seconds: options.seconds ?? THROUGHPUT_SECONDS,
    isPinned,
    log,
    onFailure,
  })
}

async function runLatency(options: BenchOptions): Promise<LatencyResult[]> {
  const missing = missingForLossyLink()
  if (missing.length > 0) {
    log('part b (latency over a lossy link) is skipped; this machine lacks:')
    for (const need of missing) log(`  - ${need}`)
    return []
  }
  return measureLatency({
    rows: options.rows.filter((row) => row !== 'dgram'),
    lossPercents: options.lossPercents,
    seconds: options.seconds ?? LATENCY_SECONDS,
    seed: options.seed,
    log,
    onFailure,
  })
}

function onFailure(cell: string, error: unknown): void {
  process.exitCode = 1
  log(`${cell} FAILED: ${error instanceof Error ? error.message : String(error)}`)
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}
