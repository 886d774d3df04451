import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const PACKAGES = fileURLToPath(new URL('../packages', import.meta.url))
const IS_SOURCE = /^[^/\\]+[/\\]src[/\\].*\.ts$/
/** A private field that holds a number, may change, and begins as `undefined`. */
const BEGINS_UNDEFINED = /^\s+#\w+: number$/gm

it('private fields that hold numbers begin as numbers (docs/decisions/024)', () => {
  const sources = readdirSync(PACKAGES, { recursive: true, encoding: 'utf8' }).filter((path) =>
    IS_SOURCE.test(path),
  )
  expect(sources.length).toBeGreaterThan(400)
  const found = sources.flatMap((source) =>
    [...readFileSync(`${PACKAGES}/${source}`, 'utf8').matchAll(BEGINS_UNDEFINED)].map(
      ([field]) => `${source}: ${field.trim()}`,
    ),
  )
  expect(found).toEqual([])
})
