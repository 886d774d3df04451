import { readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { moduleFolder, type Sources, writeModules } from '../../testing/module-world.ts'
import { SourceEvaluator } from './source-evaluator.ts'

const folder = (sources: Sources): string => realpathSync(moduleFolder(sources))

describe('a module graph', () => {
  it('evaluates a module once, whoever imports it', () => {
    const root = folder({
      'a.ts': `export { list } from './lib/list.ts'`,
      'lib/list.ts': 'export const list: number[] = []',
    })
    const graph = new SourceEvaluator().begin(root)
    const a = graph.evaluate(join(root, 'a.ts')) as { list: number[] }
    const list = graph.evaluate(join(root, 'lib/list.ts')) as { list: number[] }
    expect(a.list).toBe(list.list)
  })

  it('finds helpers as TypeScript writes them: with .ts, with .js for a .ts, without an extension, as a folder', () => {
    const root = folder({
      'a.ts': `
        import { b } from './b.ts'
        import { c } from './c.js'
        import { d } from './d'
        import { e } from './e'
        import data from './data.json' with { type: 'json' }
        export const all = [b, c, d, e, data.f]`,
      'b.ts': `export const b = 'b'`,
      'c.ts': `export const c = 'c'`,
      'd.ts': `export const d = 'd'`,
      'e/index.ts': `export const e = 'e'`,
      'data.json': `{ "f": "f" }`,
    })
    const graph = new SourceEvaluator().begin(root)
    expect(graph.evaluate(join(root, 'a.ts'))).toMatchObject({ all: ['b', 'c', 'd', 'e', 'f'] })
  })

  it('understands enums, satisfies and modules that import each other', () => {
    const root = folder({
      'a.ts': `
        import { b } from './b.ts'
        export enum Color { Red, Blue }
        export function a(): string { return 'a' + Color[Color.Blue] }
        export const both = (): string => a() + b()`,
      'b.ts': `
        import { a } from './a.ts'
        export function b(): string { return 'b' + a() satisfies string }`,
    })
    const { both } = new SourceEvaluator().begin(root).evaluate(join(root, 'a.ts')) as { both(): string }
    expect(both()).toBe('aBluebaBlue')
  })

  it('imports are live, and built-in modules have a default', () => {
    const root = folder({
      'a.ts': `
        import assert from 'node:assert/strict'
        import * as path from 'node:path'
        import { count, increase } from './b.ts'
        import * as b from './b.ts'
        export function run(): number[] {
          increase()
          assert.equal(path.basename("x/y"), "y")
          return [count, b.count]
        }`,
      'b.ts': `
        export let count = 0
        export const increase = (): void => { count += 1 }`,
    })
    const { run } = new SourceEvaluator().begin(root).evaluate(join(root, 'a.ts')) as { run(): number[] }
    expect([run(), run()]).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  it('takes the packages the game depends on, CommonJS or not, once for all graphs', () => {
    const root = folder({
      'package.json': `{ "type": "module", "dependencies": { "old": "1", "new": "1" } }`,
      'node_modules/old/package.json': `{ "name": "old", "main": "main.js" }`,
      'node_modules/old/main.js': 'exports.count = { value: 0 }',
      'node_modules/new/package.json': `{ "name": "new", "type": "module", "exports": "./main.js" }`,
      'node_modules/new/main.js': 'export const count = { value: 0 }\nexport default class {}',
      'a.ts': `
        import { count as old } from 'old'
        import Counted, { count as fresh } from 'new'
        export const counts = [++old.value, ++fresh.value, typeof Counted]`,
    })
    const evaluator = new SourceEvaluator()
    const load = () => (evaluator.begin(root).evaluate(join(root, 'a.ts')) as { counts: unknown }).counts
    expect([load(), load()]).toEqual([
      [1, 1, 'function'],
      [2, 2, 'function'],
    ])
  })

  it('takes a change that came after the last graph began, also if it is changed back', () => {
    const root = folder({ 'a.ts': 'export const a = 1' })
    const evaluator = new SourceEvaluator()
    const load = () => (evaluator.begin(root).evaluate(join(root, 'a.ts')) as { a: number }).a
    const seen = [load()]
    writeModules(root, { 'a.ts': 'export const a = 2' })
    seen.push(load())
    writeModules(root, { 'a.ts': 'export const a = 1' })
    seen.push(load())
    expect(seen).toEqual([1, 2, 1])
  })
})

describe('kept translations', () => {
  const GAME = {
    'a.ts': `
      import { b } from './lib/b.ts'
      export enum Kind { One, Two }
      export const a = (): string => Kind[Kind.Two] + b(1 as number)
      export const later = async () => (await import('./lib/b.ts')).b(2)`,
    'lib/b.ts': `export const b = (n: number): string => 'b' + n`,
  }

  /** What the modules say, and which files of translations have been written for it. */
  async function load(root: string, cacheDir: string) {
    const exports = new SourceEvaluator(cacheDir).begin(root).evaluate(join(root, 'a.ts'))
    const { a, later } = exports as { a(): string; later(): Promise<string> }
    const said = [a(), await later()]
    const written = readdirSync(cacheDir).map((name) => [name, statSync(join(cacheDir, name)).ino])
    return { said, written: Object.fromEntries(written) as Record<string, number> }
  }

  it('are used by the next process, and renewed for what has changed', async () => {
    const root = folder(GAME)
    const cacheDir = join(folder({}), 'kept')
    const first = await load(root, cacheDir)
    expect(first.said).toEqual(['Twob1', 'b2'])
    expect(Object.keys(first.written).length).toBeGreaterThanOrEqual(2)
    expect(await load(root, cacheDir)).toEqual(first)

    writeFileSync(join(root, 'lib/b.ts'), `export const b = (n: number): string => 'B' + n`)
    const changed = await load(root, cacheDir)
    expect(changed.said).toEqual(['TwoB1', 'B2'])
    expect(Object.keys(changed.written)).toEqual(Object.keys(first.written))
    expect(changed.written).not.toEqual(first.written)
  })

  it('say in which line a module is wrong, as new ones do', () => {
    const root = folder({ 'a.ts': `const n: number = 1\nexport const a = (: string\n` })
    const cacheDir = join(folder({}), 'kept')
    const wrong = (): unknown => new SourceEvaluator(cacheDir).begin(root).evaluate(join(root, 'a.ts'))
    expect(wrong).toThrow(/a\.ts:2/)
    expect(wrong).toThrow(/a\.ts:2/)
  })

  it('are not written without a folder for them', () => {
    const root = folder(GAME)
    new SourceEvaluator().begin(root).evaluate(join(root, 'a.ts'))
    expect(readdirSync(root).sort()).toEqual(['a.ts', 'lib'])
  })
})
