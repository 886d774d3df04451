import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A place in the repository. */
export const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export const readPage = (path: string) => readFileSync(pathOf(path), 'utf8')

/** A page's fenced blocks in one language, in order. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, tag]) => tag === language)
    .map(([, , code = '']) => code)
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parts: string[]
) => (...values: unknown[]) => Promise<unknown>

/**
 * Runs an example as the module it is shown as. What it imports, and the globals it shall see, are given by name, so that
 * it runs against the packages' sources; `returns` names a variable of its own to hand back.
 */
export function runExample(
  code: string,
  scope: Readonly<Record<string, unknown>>,
  returns?: string,
): Promise<unknown> {
  const body = code.replace(/^import .*$/gm, '') + (returns === undefined ? '' : `\nreturn ${returns}`)
  return new AsyncFunction(...Object.keys(scope), body)(...Object.values(scope))
}

/** The anchors of a page's headings as GitHub makes them, and those it sets itself. */
export function anchorsOf(page: string): Set<string> {
  const prose = withoutCode(page)
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  const own = [...prose.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  return new Set([...headings, ...own])
}

/** Where a page's links and images lead, those into the web left out. */
export function localLinks(page: string): string[] {
  return [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}

function withoutCode(page: string): string {
  return page.replace(/^( *)```.*?^\1```$/gms, '')
}
