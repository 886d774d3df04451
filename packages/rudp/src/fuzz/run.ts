import { parseArgs } from 'node:util'
import { FuzzFailure, INPUTS_PER_RUN, runTarget } from './run-target.ts'
import { FUZZ_TARGETS } from './targets/index.ts'

const USAGE = `Feeds every parser of kaos-rudp with random, damaged and lying inputs.

  --inputs <n>    inputs per target (default 5000000)
  --seed <n>      first seed (default: from the clock; printed)
  --target <name> only this target; may be repeated
  --help

Targets: ${FUZZ_TARGETS.map(({ name }) => name).join(', ')}`

/** Inputs between two lines of progress. */
const PROGRESS_INPUTS = 100 * INPUTS_PER_RUN

function main(): void {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '5000000' },
      seed: { type: 'string' },
      target: { type: 'string', multiple: true },
      help: { type: 'boolean', default: false },
    },
  })
  const inputs = Number(values.inputs)
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
  const targets = FUZZ_TARGETS.filter(({ name }) => values.target?.includes(name) ?? true)
  if (values.help || targets.length === 0 || !Number.isInteger(inputs) || !Number.isInteger(seed)) {
    console.log(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }
  console.log(`seed ${seed}, ${inputs} inputs per target`)
  for (const target of targets) {
    const startedAtMs = performance.now()
    for (let done = 0; done < inputs; done += PROGRESS_INPUTS) {
      const count = Math.min(PROGRESS_INPUTS, inputs - done)
      runTarget(target, count, seed + done / INPUTS_PER_RUN)
      const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
      console.log(`${target.name}: ${done + count} inputs in ${seconds} s`)
    }
  }
}

try {
  main()
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error
  console.error(error.message)
  console.error(error.cause)
  console.error(`repeat it with: --target ${error.target} --seed ${error.seed} --inputs ${INPUTS_PER_RUN}`)
  process.exitCode = 1
}
