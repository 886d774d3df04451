import { parseArgs } from 'node:util'
import { soak } from './soak.ts'

const USAGE = `Runs connections over a miserable path on virtual time, and checks every message.

  --hours <n>  virtual hours (default 24)
  --seed <n>   first seed (default: from the clock; printed)
  --help`

/** Sessions between two lines of progress. */
const PROGRESS_SESSIONS = 100

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const hours = Number(values.hours)
const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
if (values.help || !(hours > 0) || !Number.isInteger(seed)) {
  console.log(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  console.log(`seed ${seed}, ${hours} virtual hours`)
  const report = soak(hours, seed, ({ sessions, virtualMs, messagesReceived }) => {
    if (sessions % PROGRESS_SESSIONS !== 0) return
    const heapMiB = (process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)
    const hoursDone = (virtualMs / 3_600_000).toFixed(1)
    console.log(`${sessions} sessions, ${hoursDone} h, ${messagesReceived} messages, heap ${heapMiB} MiB`)
  })
  console.log(`done: ${JSON.stringify(report)}`)
}
