import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { ScriptFolder } from './script-folder.ts'

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

describe('ScriptFolder', () => {
  it('reads modules by name, with dots or slashes', () => {
    const { scripts } = tree({ 'scripts/main.lua': 'one', 'scripts/ai/path-finder_2.lua': 'two' })
    const folder = new ScriptFolder(scripts)
    expect(folder.read('main')).toEqual({ source: 'one', chunkName: 'main.lua' })
    const nested = { source: 'two', chunkName: 'ai/path-finder_2.lua' }
    expect(folder.read('ai.path-finder_2')).toEqual(nested)
    expect(folder.read('ai/path-finder_2')).toEqual(nested)
    expect(folder.has('ai.path-finder_2')).toBe(true)
  })

  it('takes a folder with an init.lua for a module, unless there is a file of that name', () => {
    const { scripts } = tree({
      'scripts/ai/init.lua': 'init',
      'scripts/world/init.lua': 'init',
      'scripts/world.lua': 'file',
    })
    const folder = new ScriptFolder(scripts)
    expect(folder.read('ai')).toEqual({ source: 'init', chunkName: 'ai/init.lua' })
    expect(folder.read('world')).toEqual({ source: 'file', chunkName: 'world.lua' })
  })

  it('knows nothing of modules that are not there', () => {
    const { scripts } = tree({ 'scripts/main.lua': '', 'scripts/notes.txt': '', 'scripts/empty/x.lua': '' })
    mkdirSync(join(scripts, 'folder.lua'))
    const folder = new ScriptFolder(scripts)
    for (const name of ['other', 'notes', 'notes.txt', 'main.lua', 'empty', 'folder']) {
      expect(folder.read(name)).toBeUndefined()
      expect(folder.has(name)).toBe(false)
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
    expect(new ScriptFolder(scripts).read(name)).toBeUndefined()
  })

  it('never gives out a file from elsewhere, whatever the name', () => {
    const { scripts, path } = tree({ 'scripts/main.lua': 'inside', 'scripts/a/b.lua': 'inside' })
    const folder = new ScriptFolder(scripts)
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
        expect(folder.read(pieces.join(''))?.source ?? 'inside').toBe('inside')
        expect(folder.read(pieces.join('/'))?.source ?? 'inside').toBe('inside')
      }),
    )
  })

  it('does not follow a link out of the folder, be it to a file or through a folder', () => {
    const { scripts, path } = tree({})
    symlinkSync(path('outside/secret.lua'), join(scripts, 'file.lua'))
    symlinkSync(path('outside'), join(scripts, 'folder'))
    const folder = new ScriptFolder(scripts)
    for (const name of ['file', 'folder.secret']) {
      expect(() => folder.read(name)).toThrow('is a link out of the scripts folder')
      expect(() => folder.read(name)).toThrow('is a link out of the scripts folder')
    }
  })

  it('follows a link within the folder, and may be reached by a link itself', () => {
    const { scripts, path } = tree({ 'scripts/real/x.lua': 'x' })
    symlinkSync(join(scripts, 'real'), join(scripts, 'alias'))
    symlinkSync(scripts, path('scripts-link'))
    expect(new ScriptFolder(path('scripts-link')).read('alias.x')).toEqual({
      source: 'x',
      chunkName: 'alias/x.lua',
    })
  })

  it('is not fooled by a neighbour whose name begins alike', () => {
    const { scripts, path } = tree({ 'scripts-old/secret.lua': 'secret' })
    symlinkSync(path('scripts-old/secret.lua'), join(scripts, 'neighbour.lua'))
    expect(() => new ScriptFolder(scripts).read('neighbour')).toThrow('link out of the scripts folder')
  })

  it('takes no notice of a link to nowhere', () => {
    const { scripts, path } = tree({})
    symlinkSync(path('nowhere.lua'), join(scripts, 'dead.lua'))
    expect(new ScriptFolder(scripts).read('dead')).toBeUndefined()
  })

  it('reads each source once, so that rooms of one server run the same code', () => {
    const { scripts, path } = tree({ 'scripts/main.lua': 'old' })
    const folder = new ScriptFolder(scripts)
    folder.read('main')
    writeFileSync(path('scripts/main.lua'), 'new')
    expect(folder.read('main')?.source).toBe('old')
  })

  it('remembers nothing of names it does not know: clients choose them', () => {
    const { scripts, path } = tree({})
    const folder = new ScriptFolder(scripts)
    expect(folder.has('late')).toBe(false)
    writeFileSync(path('scripts/late.lua'), 'here')
    expect(folder.read('late')?.source).toBe('here')
  })

  it('must be a folder', () => {
    const { path } = tree({})
    for (const name of ['nowhere', 'outside/secret.lua']) {
      expect(() => new ScriptFolder(path(name))).toThrow(`the scripts folder ${path(name)} does not exist`)
    }
  })
})
