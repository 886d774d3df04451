import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveConfig, type ServerConfigInput } from '@kaosnet/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withTranslationsIn } from './translation-folder.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kaosnet-translation-folder-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const cacheDirIn = (folder: string, scripts: ServerConfigInput['scripts']): string | undefined =>
  withTranslationsIn(folder, resolveConfig({ options: { scripts } })).scripts.cacheDir

describe('withTranslationsIn', () => {
  it('names a folder in that of the game, which nobody else reads and git does not see', () => {
    const folder = newFolder()
    expect(cacheDirIn(folder, { modulesDir: 'modules' })).toBe(join(folder, '.kaosnet', 'modules'))
    expect(statSync(join(folder, '.kaosnet')).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(folder, '.kaosnet', '.gitignore'), 'utf8')).toBe('*\n')
  })

  it('names none where that cannot be made', () => {
    const folder = newFolder()
    writeFileSync(join(folder, '.kaosnet'), '')
    expect(cacheDirIn(folder, { modulesDir: 'modules' })).toBeUndefined()
  })

  it.each([
    { scripts: {}, wanted: undefined },
    { scripts: { modulesDir: 'modules', cacheDir: '/elsewhere' }, wanted: '/elsewhere' },
  ])('does nothing when the configuration says $scripts', ({ scripts, wanted }) => {
    const folder = newFolder()
    expect(cacheDirIn(folder, scripts)).toBe(wanted)
    expect(existsSync(join(folder, '.kaosnet'))).toBe(false)
  })
})
