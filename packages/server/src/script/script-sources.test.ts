import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { ScriptSources, versionOf } from './script-sources.ts'

/** A folder `scripts` with the files given, and `outside` beside it; gone when the test is over. */
function tree(files: Readonly<Record<string, string>>): { scripts: string; path(name: string): string } {
  const root = mkdtempSync(join(tmpdir(), 'kaosnet-scripts-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const path = (name: string): string => join(root, name)
  mkdirSync(path('scripts'))
  for (const [name, text] of Object.entries({ 'outside/secret.lua': 'secret', ...files })) {
    mkdirSync(dirname(path(name)), { recursive: true })
    writeFileSync(path(name), text)
  }
  return { scripts: path('scripts'), path }
}

describe('ScriptSources', () => {
  it('reads modules by name, with dots or slashes', () => {
    const { scripts } = tree({ 'scripts/main.lua': 'one', 'scripts/ai/path-finder_2.lua': 'two' })
    const sources = ScriptSources.read(scripts)
    expect(sources.read('main')).toEqual({ source: 'one', chunkName: 'main.lua' })
    const nested = { source: 'two', chunkName: 'ai/path-finder_2.lua' }
    expect(sources.read('ai.path-finder_2')).toEqual(nested)
    expect(sources.read('ai/path-finder_2')).toEqual(nested)
    expect(sources.has('ai.path-finder_2')).toBe(true)
  })

  it('takes a folder with an init.lua for a module, unless there is a file of that name', () => {
    const { scripts } = tree({
      'scripts/ai/init.lua': 'init',
      'scripts/world/init.lua': 'init',
      'scripts/world.lua': 'file',
    })
    const sources = ScriptSources.read(scripts)
    expect(sources.read('ai')).toEqual({ source: 'init', chunkName: 'ai/init.lua' })
    expect(sources.read('world')).toEqual({ source: 'file', chunkName: 'world.lua' })
  })

  it('knows nothing of modules that are not there', () => {
    const { scripts } = tree({ 'scripts/main.lua': '', 'scripts/notes.txt': '', 'scripts/empty/x.lua': '' })
    mkdirSync(join(scripts, 'folder.lua'))
    const sources = ScriptSources.read(scripts)
    for (const name of ['other', 'notes', 'notes.txt', 'main.lua', 'empty', 'folder']) {
      expect(sources.read(name)).toBeUndefined()
      expect(sources.has(name)).toBe(false)
    }
  })

  it.each([
    '..',
    '../outside/secret',
    '..outside.secret',
    'a/../../outside/secret',
    './main',
    '.main',
    'main.',
    'main/',
    'a//b',
    'a..b',
    '/etc/passwd',
    'C:/secret',
    '..\\outside\\secret',
    'main\u0000',
    'main\n',
    ' main',
    'mäin',
    '',
    '~/secret',
    '%2e%2e/outside/secret',
  ])('does not take %j for the name of a module', (name) => {
    const { scripts } = tree({ 'scripts/main.lua': '', 'scripts/a/b.lua': '' })
    expect(ScriptSources.read(scripts).read(name)).toBeUndefined()
  })

  it('never gives out a file from elsewhere, whatever the name', () => {
    const { scripts, path } = tree({ 'scripts/main.lua': 'inside', 'scripts/a/b.lua': 'inside' })
    const sources = ScriptSources.read(scripts)
    const piece = fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      'outside',
      'secret',
      'a',
      'b',
      'main',
      '~',
      path('outside'),
    )
    checkProperty(
      fc.property(fc.array(piece, { maxLength: 8, size: 'max' }), (pieces) => {
        expect(sources.read(pieces.join(''))?.source ?? 'inside').toBe('inside')
        expect(sources.read(pieces.join('/'))?.source ?? 'inside').toBe('inside')
      }),
    )
  })

  it('does not follow a link out of the folder, be it to a file or through a folder', () => {
    const { scripts, path } = tree({})
    symlinkSync(path('outside/secret.lua'), join(scripts, 'file.lua'))
    symlinkSync(path('outside'), join(scripts, 'folder'))
    const sources = ScriptSources.read(scripts)
    for (const name of ['file', 'folder.secret']) {
      expect(() => sources.read(name)).toThrow('is a link out of the scripts folder')
      expect(() => sources.read(name)).toThrow('is a link out of the scripts folder')
    }
  })

  it('follows a link within the folder, and may be reached by a link itself', () => {
    const { scripts, path } = tree({ 'scripts/real/x.lua': 'x' })
    symlinkSync(join(scripts, 'real'), join(scripts, 'alias'))
    symlinkSync(scripts, path('scripts-link'))
    expect(ScriptSources.read(path('scripts-link')).read('alias.x')).toEqual({
      source: 'x',
      chunkName: 'alias/x.lua',
    })
  })

  it('is not fooled by a neighbour whose name begins alike', () => {
    const { scripts, path } = tree({ 'scripts-old/secret.lua': 'secret' })
    symlinkSync(path('scripts-old/secret.lua'), join(scripts, 'neighbour.lua'))
    expect(() => ScriptSources.read(scripts).read('neighbour')).toThrow('link out of the scripts folder')
  })

  it('takes no notice of a link to nowhere', () => {
    const { scripts, path } = tree({})
    symlinkSync(path('nowhere.lua'), join(scripts, 'dead.lua'))
    expect(ScriptSources.read(scripts).read('dead')).toBeUndefined()
  })

  it('keeps the files as they were when it was made, so that a room runs one version of its scripts', () => {
    const { scripts, path } = tree({ 'scripts/main.lua': 'old' })
    const sources = ScriptSources.read(scripts)
    writeFileSync(path('scripts/main.lua'), 'new')
    writeFileSync(path('scripts/late.lua'), 'new')
    expect(sources.read('main')?.source).toBe('old')
    expect(sources.has('late')).toBe(false)
  })

  it('crosses to another thread as plain data', () => {
    const { scripts, path } = tree({ 'scripts/a/init.lua': 'x', 'scripts/b.lua': 'y' })
    symlinkSync(path('outside'), join(scripts, 'folder'))
    const copy = new ScriptSources(structuredClone(ScriptSources.read(scripts).files))
    expect(copy.names().sort()).toEqual(['a', 'a/init', 'b'])
    expect(copy.read('a')?.source).toBe('x')
    expect(() => copy.read('folder/secret')).toThrow('is a link out of the scripts folder')
  })

  it('is not led in circles by links to folders around them', () => {
    const { scripts } = tree({ 'scripts/a/b.lua': 'x' })
    symlinkSync(scripts, join(scripts, 'a', 'up'))
    symlinkSync(join(scripts, 'a'), join(scripts, 'a', 'self'))
    expect(ScriptSources.read(scripts).read('a.b')?.source).toBe('x')
  })

  it('passes over hidden files and node_modules', () => {
    const { scripts } = tree({
      'scripts/node_modules/x.lua': '',
      'scripts/.git/y.lua': '',
      'scripts/z.lua': '',
    })
    expect(Object.keys(ScriptSources.read(scripts).files)).toEqual(['z.lua'])
  })

  it('has a version that depends on names and contents only', () => {
    const one = { 'a.lua': { source: 'x' }, 'b.lua': { source: 'y' } }
    const same = { 'b.lua': { source: 'y' }, 'a.lua': { source: 'x' } }
    expect(versionOf(one)).toMatch(/^[0-9a-f]{12}$/)
    expect(versionOf(one)).toBe(versionOf(same))
    expect(versionOf(one)).not.toBe(versionOf({ ...one, 'b.lua': { source: 'z' } }))
    expect(versionOf(one)).not.toBe(versionOf({ ...one, 'c.lua': { source: '' } }))
    expect(versionOf(one, {})).not.toBe(versionOf({}, one))
  })

  it('must be a folder', () => {
    const { path } = tree({})
    for (const name of ['nowhere', 'outside/secret.lua']) {
      expect(() => ScriptSources.read(path(name))).toThrow(`the scripts folder ${path(name)} does not exist`)
    }
  })
})
