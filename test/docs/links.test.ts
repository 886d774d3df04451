import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf, localLinks, pathOf, readPage } from './page.ts'

const IGNORED = new Set(['node_modules', 'dist', '.git', 'test-results'])
const files = filesIn('.')
const pages = files.filter((path) => path.endsWith('.md'))
const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> }

function filesIn(folder: string): string[] {
  return readdirSync(pathOf(folder), { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : [path]
  })
}

/** What is wrong with a link; nothing when it leads somewhere. */
function problemOf(path: string, anchor: string | undefined): string | undefined {
  if (!existsSync(pathOf(path))) return `${path} does not exist`
  if (anchor === undefined || anchorsOf(readPage(path)).has(anchor)) return undefined
  return `${path} has no #${anchor}`
}

describe('the pages', () => {
  it('are all found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/lua.md', 'packages/client/README.md']))
  })

  it.each(pages)('%s: links lead somewhere', (page) => {
    const problems = localLinks(readPage(page)).map((link) => {
      const [path = '', anchor] = link.split('#')
      return problemOf(path === '' ? page : relative('.', join(dirname(page), path)), anchor)
    })
    expect(problems.filter((problem) => problem !== undefined)).toEqual([])
  })

  it.each(pages)('%s: commands of npm exist', (page) => {
    const named = [...readPage(page).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
      ([, run, lifecycle]) => run ?? lifecycle ?? '',
    )
    const folder = dirname(page)
    const own = existsSync(pathOf(join(folder, 'package.json')))
      ? (JSON.parse(readPage(join(folder, 'package.json'))) as { scripts?: Record<string, string> }).scripts
      : undefined
    expect(named.filter((name) => !(name in scripts) && !(name in (own ?? {})))).toEqual([])
  })
})

describe('comments in the code', () => {
  it('cite pages and headings that exist', () => {
    const cited = files
      .filter((path) => /\.(ts|mjs|json)$/.test(path) && !path.endsWith('links.test.ts'))
      .flatMap((path) =>
        [...readPage(path).matchAll(/\b(docs\/[\w./-]+\.md)(?:#([\w-]+))?/g)].map(
          ([, page = '', anchor]) => ({
            path,
            page,
            anchor,
          }),
        ),
      )
    expect(cited.length).toBeGreaterThan(10)
    const problems = cited.map(({ path, page, anchor }) => {
      const problem = problemOf(page, anchor)
      return problem === undefined ? undefined : `${path}: ${problem}`
    })
    expect(problems.filter((problem) => problem !== undefined)).toEqual([])
  })
})
