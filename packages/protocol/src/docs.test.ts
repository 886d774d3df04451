import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ErrorTable } from './errors.ts'
import { PROTOCOL_VERSIONS } from './limits.ts'
import { Op } from './opcodes.ts'
import { dumpsIn, renderTables, rowsWithoutMeaning, tables, tablesIn } from './testing/documentation.ts'
import { loadGoldenVectors } from './testing/golden.ts'

const pathOf = (name: string) => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url))
const protocol = readFileSync(pathOf('protocol.md'), 'utf8')
const errors = readFileSync(pathOf('errors.md'), 'utf8')
const isOfErrors = (table: string) => table.startsWith('errors ')

describe('docs/protocol.md', () => {
  it('has the tables that the schemas, operations and limits draw (vitest -u draws them anew)', async () => {
    await expect(renderTables(protocol)).toMatchFileSnapshot(pathOf('protocol.md'))
  })

  it('has every table once, and says what each row means', () => {
    expect(tablesIn(protocol).sort()).toEqual(
      Object.keys(tables)
        .filter((name) => !isOfErrors(name))
        .sort(),
    )
    expect(rowsWithoutMeaning(protocol)).toEqual([])
  })

  const dumps = dumpsIn(protocol)
  const vectors = loadGoldenVectors()
  const hexOf = new Map(
    [...vectors.frames, ...vectors.messages, ...vectors.invalid].map(({ name, hex }) => [name, hex]),
  )

  it.each(dumps)('shows the bytes of the golden vector: $vector', ({ vector, hex }) => {
    expect(hex).toBe(hexOf.get(vector))
  })

  it('shows at least one frame of each operation', () => {
    const shown = new Set(dumps.map(({ vector }) => vector))
    for (const { name, frames } of vectors.messages)
      if (shown.has(name)) for (const frame of frames) shown.add(frame)
    const operations = new Set<string>(
      vectors.frames.filter(({ name }) => shown.has(name)).map(({ op }) => op),
    )
    expect(Object.keys(Op).filter((op) => !operations.has(op))).toEqual([])
  })

  it('names the version that the code speaks', () => {
    expect(protocol).toContain(`# The KaosNet wire protocol, version ${PROTOCOL_VERSIONS[0]}`)
  })

  it('speaks only of errors that exist', () => {
    const spoken = protocol.match(/`[A-Z]+_[A-Z_]+`/g) ?? []
    expect(spoken.length).toBeGreaterThan(10)
    expect(spoken.map((name) => name.slice(1, -1)).filter((name) => !(name in ErrorTable))).toEqual([])
  })
})

describe('docs/errors.md', () => {
  it('has the table that the code has (vitest -u draws it anew)', async () => {
    await expect(renderTables(errors)).toMatchFileSnapshot(pathOf('errors.md'))
  })

  it('has every family once, every error, and says what to do about each', () => {
    expect(tablesIn(errors)).toEqual(Object.keys(tables).filter(isOfErrors))
    const rows = tablesIn(errors).flatMap((name) => tables[name]?.rows ?? [])
    expect(rows).toHaveLength(Object.keys(ErrorTable).length)
    expect(rowsWithoutMeaning(errors)).toEqual([])
  })
})

describe('links', () => {
  const anchorsOf = (page: string) =>
    new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading)))
  const anchors = { 'protocol.md': anchorsOf(protocol), 'errors.md': anchorsOf(errors) }

  /** As GitHub makes them. */
  function slug(heading: string): string {
    return heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-')
  }

  it.each([
    ['protocol.md', protocol],
    ['errors.md', errors],
  ] as const)('within and between the pages lead somewhere: %s', (page, text) => {
    const links = [...text.matchAll(/\]\((protocol\.md|errors\.md)?#([^)]+)\)/g)]
    expect(links.length).toBeGreaterThan(0)
    for (const [, target = page, anchor = ''] of links) {
      expect(anchors[target as keyof typeof anchors], `${target}#${anchor}`).toContain(anchor)
    }
  })

  it('from comments in the code lead somewhere', () => {
    const folder = new URL('.', import.meta.url)
    const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    const cited = sources.flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/docs\/protocol\.md#([a-z0-9-]+)/g)].map(
        ([, anchor = '']) => anchor,
      ),
    )
    expect(cited.length).toBeGreaterThan(0)
    expect(cited.filter((anchor) => !anchors['protocol.md'].has(anchor))).toEqual([])
  })
})
