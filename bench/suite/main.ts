import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchReport } from './bench.ts'
import { BENCHES } from './benches.ts'
import { toMarkdown } from './markdown.ts'
import { parseOptions, type SuiteOptions, USAGE } from './options.ts'

/** This file runs as `bench/dist/suite/main.js`. */
const DEFAULT_OUT = fileURLToPath(new URL('../../results/suite.json', import.meta.url))

try {
  const names = BENCHES.map(({ name }) => name)
  const options = parseOptions(process.argv.slice(2), names, DEFAULT_OUT)
  if (options === undefined) console.log(USAGE.replace('NAMES', names.join(', ')))
  else await run(options)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function run(options: SuiteOptions): Promise<void> {
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}`,
    node: process.version,
  }
  const startedAt = new Date().toISOString()
  const line = `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, ${startedAt}`
  log(line)
  console.log(line)
  const reports: Record<string, BenchReport> = {}
  for (const bench of BENCHES.filter(({ name }) => options.only.includes(name))) {
    const progress = (text: string): void => log(`${bench.name}: ${text}`)
    progress('starts')
    try {
      const report = await bench.run({ options, progress })
      reports[bench.name] = report
      console.log(`\n${toMarkdown(bench.title, report)}`)
    } catch (error) {
      process.exitCode = 1
      progress(`FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
    // After each of them, so that what was measured is not lost with what follows.
    write(options.out, { machine, startedAt, options, reports })
  }
  log(`results are in ${options.out}`)
}

function write(file: string, results: unknown): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}

function log(text: string): void {
  process.stderr.write(`${text}\n`)
}
