import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { describeConfig } from '../config.ts'

const SOURCES = fileURLToPath(new URL('..', import.meta.url))

/** Fields whose name no call of `limitHit` spells out, and why each acts in the sight of operators all the same. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  messagesPerSecond: 'limitHit(limit) in router/session-inbox.ts; test/e2e/limits.test.ts sees it',
  bytesPerSecond: 'the same',
  controlQueueBytes: 'limitHit(bound) in server.ts; test/e2e/slow-reader.test.ts sees it',
  reliableQueueBytes: 'the same',
  unreliableQueueBytes: 'what it costs are frames: kaosnet_frames_superseded_total',
  violationWindowMs: 'no bound of its own: the time within which `violations` counts',
  labelBytes: 'counted where scripts run: kaosnet_room_labels_refused_total',
}

function namesCounted(): Set<string> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const text = sources.map((file) => readFileSync(join(SOURCES, file), 'utf8')).join('\n')
  return new Set(Array.from(text.matchAll(/\blimitHit\('(\w+)'\)/g), ([, name = '']) => name))
}

describe('the fields of limits', () => {
  const fields = describeConfig()
    .map(({ path }) => path)
    .filter((path) => path.startsWith('limits.'))
    .map((path) => path.slice('limits.'.length))

  it('are each counted when they act', () => {
    const counted = namesCounted()
    expect(counted.size).toBeGreaterThan(10)
    expect(fields.filter((field) => !counted.has(field) && !(field in EXCEPTIONS))).toEqual([])
  })

  it('are all that the list of exceptions names', () => {
    expect(Object.keys(EXCEPTIONS).filter((field) => !fields.includes(field))).toEqual([])
  })

  it('say in their description which error their client sees, or that there is none', () => {
    const silent = describeConfig().filter(
      ({ path, text }) => path.startsWith('limits.') && !/\b[A-Z]+_[A-Z_]+\b/.test(text),
    )
    expect(silent.map(({ path }) => path)).toEqual([
      'limits.unreliableQueueBytes',
      'limits.violationWindowMs',
    ])
  })
})
