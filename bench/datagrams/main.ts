import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measureDatagrams } from './measure.ts'
import { type BenchOptions, parseOptions, USAGE } from './options.ts'
import { datagramTable } from './report.ts'
import { datagramSetting, missingForDatagrams } from './requirements.ts'

const DEFAULT_OUT = fileURLToPath(new URL('../../results/datagrams.json', import.meta.url))

try {
  const options = parseOptions(process.argv.slice(2), DEFAULT_OUT)
  if (options === undefined) console.log(USAGE)
  else await run(options)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function run(options: BenchOptions): Promise<void> {
  const missing = missingForDatagrams()
  if (missing !== undefined) {
    console.log(missing)
    return
  }
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}, Node ${process.version}`
  const startedAt = new Date().toISOString()
  log(machine)
  const setting = datagramSetting()
  if (!setting.isPinned) log('no taskset, or one core only: server and generator are not pinned')
  const results = await measureDatagrams({
    ...options,
    ...setting,
    log,
    onFailure,
  })
  console.log(`\n${machine}\n\n${datagramTable(results)}`)
  mkdirSync(dirname(options.out), { recursive: true })
  writeFileSync(options.out, `${JSON.stringify({ machine, startedAt, options, results }, null, 2)}\n`)
  log(`results are in ${options.out}`)
}

function onFailure(cell: string, error: unknown): void {
  process.exitCode = 1
  log(`${cell} FAILED: ${error instanceof Error ? error.message : String(error)}`)
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}
