import { describe, expect, it } from 'vitest'
import { toMarkdown } from './markdown.ts'

describe('toMarkdown', () => {
  it('prints one table below the title, names to the left and figures to the right', () => {
    const tables = [{ head: ['server', 'µs'], rows: [['Lua', '3.5']] }]
    expect(toMarkdown('Arena', { tables, notes: [], data: undefined })).toBe(
      '## Arena\n\n| server | µs |\n| --- | ---: |\n| Lua | 3.5 |',
    )
  })

  it('says above each of several tables what it is, and below them what must be known', () => {
    const tables = [
      { caption: 'Cost', head: ['a'], rows: [] },
      { caption: 'Delay', head: ['b'], rows: [] },
    ]
    expect(toMarkdown('T', { tables, notes: ['not pinned', 'disturbed'], data: undefined })).toBe(
      '## T\n\nCost\n\n| a |\n| --- |\n\nDelay\n\n| b |\n| --- |\n\n- not pinned\n- disturbed',
    )
  })
})
