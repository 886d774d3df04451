import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { TranslationCache } from './translation-cache.ts'

/** In a folder that is gone when the test is over. */
function newDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kaosnet-translations-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'not', 'there')
}

describe('a cache of translations', () => {
  it('gives another process what was translated of the same source, and of no other', () => {
    const dir = newDir()
    new TranslationCache(dir, 'jiti 1').write('/game/a.ts', 'let a: 1', 'let a')
    const cache = new TranslationCache(dir, 'jiti 1')
    expect(cache.read('/game/a.ts', 'let a: 1')).toBe('let a')
    expect(cache.read('/game/a.ts', 'let a: 2')).toBeUndefined()
    expect(cache.read('/game/b.ts', 'let a: 1')).toBeUndefined()
  })

  it('gives nothing that another version of the translator wrote', () => {
    const dir = newDir()
    new TranslationCache(dir, 'jiti 1').write('/game/a.ts', 'let a: 1', 'let a')
    expect(new TranslationCache(dir, 'jiti 2').read('/game/a.ts', 'let a: 1')).toBeUndefined()
  })

  it('keeps one file for each module, however often it changes', () => {
    const dir = newDir()
    const cache = new TranslationCache(dir, 'jiti 1')
    for (const source of ['one', 'two', 'three']) cache.write('/game/a.ts', source, source.toUpperCase())
    cache.write('/game/b.ts', 'one', 'ONE')
    expect(readdirSync(dir)).toHaveLength(2)
    expect(cache.read('/game/a.ts', 'three')).toBe('THREE')
  })

  it('does not give half a file', () => {
    const dir = newDir()
    const cache = new TranslationCache(dir, 'jiti 1')
    cache.write('/game/a.ts', 'source', 'the code')
    const file = join(dir, readdirSync(dir)[0] as string)
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -4))
    expect(cache.read('/game/a.ts', 'source')).toBeUndefined()
  })

  it('does nothing where it cannot write', () => {
    const dir = newDir()
    const file = join(dir, '..', '..', 'a file')
    writeFileSync(file, '')
    const cache = new TranslationCache(file, 'jiti 1')
    cache.write('/game/a.ts', 'source', 'code')
    expect(cache.read('/game/a.ts', 'source')).toBeUndefined()
    expect(readFileSync(file, 'utf8')).toBe('')
  })
})
