// `npm test [-- vitest arguments]`: sets up as `npm start` does, then runs every test and ends with the counts.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, setUp } from './setup.mjs'

setUp()
const results = join(root, 'test-results')
const report = join(results, 'vitest.json')
mkdirSync(results, { recursive: true })
rmSync(report, { force: true })
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) },
  },
)
if (!existsSync(report)) {
  console.error('vitest wrote no report')
  process.exit(1)
}
const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = JSON.parse(
  readFileSync(report, 'utf8'),
)
const skipped = testResults
  .flatMap(({ assertionResults }) => assertionResults)
  .filter((t) => t.status === 'skipped')
if (skipped.length > 0) {
  console.log(`\nSKIPPED ${skipped.length} test(s):`)
  for (const { fullName } of skipped) console.log(`  - ${fullName}`)
}
// A file that could not even be loaded has no failed test of its own.
const failed = numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0)
console.log(`\n${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`)
process.exit(status === 0 && failed === 0 ? 0 : 1)
