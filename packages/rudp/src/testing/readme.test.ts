import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as testing from './index.ts'

it('runs the example of the README', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const names =
    /import \{(.*?)\}/
      .exec(example)?.[1]
      ?.split(',')
      .map((name) => name.trim()) ?? []
  const simulators: testing.NetworkSimulator[] = []
  class RecordedSimulator extends testing.NetworkSimulator {
    constructor(options: testing.NetworkSimulatorOptions) {
      super(options)
      simulators.push(this)
    }
  }
  const exports: Record<string, unknown> = { ...testing, NetworkSimulator: RecordedSimulator }
  const run = new Function(...names, example.replace(/^import.*$/m, ''))
  run(...names.map((name) => exports[name]))
  expect(simulators.length).toBe(20)
  for (const simulator of simulators) expect(simulator.counters().sent).toBeGreaterThanOrEqual(1)
})
