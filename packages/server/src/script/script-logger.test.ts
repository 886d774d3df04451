import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { limitLogRate } from './script-logger.ts'

function world(linesPerSecond: number) {
  const clock = new ManualClock({ nowMs: 500 })
  const log = recordingLogger()
  let dropped = 0
  const limited = limitLogRate(log, {
    clock,
    linesPerSecond,
    onDropped: (count) => {
      dropped += count
    },
  })
  return { clock, log, limited, dropped: () => dropped }
}

describe('limitLogRate', () => {
  it('writes what is within the rate, with level and fields', () => {
    const { log, limited, dropped } = world(2)
    limited.info({ a: 1 }, 'one')
    limited.error({}, 'two')
    expect(log.entries).toEqual([
      { level: 'info', fields: { a: 1 }, message: 'one' },
      { level: 'error', fields: {}, message: 'two' },
    ])
    expect(dropped()).toBe(0)
  })

  it('drops and counts the rest, whatever its level', () => {
    const { log, limited, dropped } = world(2)
    for (let line = 0; line < 1_000; line++) limited[line % 2 === 0 ? 'info' : 'error']({}, 'x')
    expect(log.entries).toHaveLength(2)
    expect(dropped()).toBe(998)
  })

  it('writes again in the next second, after one warning that says how many were dropped', () => {
    const { clock, log, limited } = world(1)
    for (let line = 0; line < 5; line++) limited.info({}, 'x')
    clock.stall(1_000)
    limited.info({}, 'y')
    clock.stall(1_000)
    limited.info({}, 'z')
    expect(log.entries.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'info x',
      'warn log lines of a script were dropped: it writes too many',
      'info y',
      'info z',
    ])
    expect(log.entries[1]?.fields).toEqual({ dropped: 4 })
  })
})
