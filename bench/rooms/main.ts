import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CellResult } from './measure/cell.ts'
import { measureCells } from './measure/measure-cells.ts'
import { type BenchOptions, parseOptions, USAGE } from './options.ts'
import { describe, emptyTable, loadTables } from './report.ts'

const DEFAULT_JSON = fileURLToPath(new URL('../../results/rooms.json', import.meta.url))

try {
  const options = parseOptions(process.argv.slice(2), DEFAULT_JSON)
  if (options === undefined) console.log(USAGE)
  else await run(options)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function run({ cells, json }: BenchOptions): Promise<void> {
  // CPU time of single threads is what only Linux tells.
  if (!existsSync('/proc/thread-self/schedstat')) throw new Error('bench:rooms needs Linux with /proc')
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}, Node ${process.version}`
  const startedAt = new Date().toISOString()
  log(machine)
  for (const { profile } of cells) if (profile !== undefined) mkdirSync(dirname(profile), { recursive: true })
  const results = await measureCells({ cells, log, describe, onFailure })
  console.log(`\n${machine}`)
  const printPart = (load: CellResult['cell']['load'], print: (part: CellResult[]) => string): void => {
    const part = results.filter(({ cell }) => cell.load === load)
    if (part.length > 0) console.log(`\n${print(part)}`)
  }
  printPart('light', loadTables)
  printPart('empty', emptyTable)
  mkdirSync(dirname(json), { recursive: true })
  writeFileSync(json, `${JSON.stringify({ machine, startedAt, results }, null, 2)}\n`)
  log(`results are in ${json}`)
}

function onFailure(cell: string, error: unknown): void {
  process.exitCode = 1
  log(`${cell} FAILED: ${error instanceof Error ? error.message : String(error)}`)
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}
