import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CloseCode } from './core/close-code.ts'
import { SERVER_LIMITS } from './core/limits.ts'
import { DEFAULT_ENDPOINT_LIMITS } from './endpoint/endpoint-limits.ts'
import { ENDPOINT_DROP_REASONS } from './endpoint/endpoint-stats.ts'
import { DenyCode } from './handshake/refusal-packets.ts'

const page = readFileSync(new URL('../../../docs/transport.md', import.meta.url), 'utf8')

describe('docs/transport.md', () => {
  it('lists every code of DENY and CLOSE', () => {
    for (const [name, code] of Object.entries(DenyCode)) expect(page).toContain(`| ${code} | ${name} |`)
    for (const [name, code] of Object.entries(CloseCode)) {
      if (name !== 'FirstApplicationCode') expect(page).toContain(`| ${code} | ${name} |`)
    }
    expect(page).toContain(`| ${CloseCode.FirstApplicationCode} … |`)
  })

  it('lists every limit with its default, and every reason', () => {
    const limits = page.slice(page.indexOf('## Limits'), page.indexOf('## State machines'))
    for (const [name, value] of Object.entries(DEFAULT_ENDPOINT_LIMITS))
      expect(page).toContain(`| ${name} | ${value} |`)
    for (const reason of ENDPOINT_DROP_REASONS) expect(page).toContain(`\`${reason}\``)
    for (const [name, value] of Object.entries(SERVER_LIMITS)) {
      const row = limits
        .split('\n')
        .find((line) => line.startsWith('|') && line.split(/[|,\s]+/).includes(name))
      expect(row, name).toContain(String(value))
    }
  })
})
