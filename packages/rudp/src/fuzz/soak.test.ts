import { expect, it } from 'vitest'
import { soak } from './soak.ts'

it('an hour over a miserable path, one connection after another, loses and leaves nothing', () => {
  const report = soak(1, 1)
  expect(report.sessions).toBeGreaterThan(10)
  expect(report.messagesReceived).toBeGreaterThan(10_000)
}, 60_000)
