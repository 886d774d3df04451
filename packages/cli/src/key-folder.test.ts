import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, resolveConfig, type ServerConfigInput } from '@kaosnet/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withKeyOf } from './key-folder.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kaosnet-key-folder-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** The key file that a server in a folder would use, and the warnings on the way. */
function keyFileIn(folder: string, udp: ServerConfigInput['udp'] = {}) {
  const warnings: string[] = []
  const unexpected = (): void => expect.unreachable('nothing else is logged')
  const logger: Logger = {
    debug: unexpected,
    info: unexpected,
    warn: (_fields, message) => warnings.push(message),
    error: unexpected,
    child: () => logger,
  }
  const { keyFile } = withKeyOf(folder, resolveConfig({ options: { udp } }), logger).udp
  return { keyFile, warnings }
}

describe('withKeyOf', () => {
  it('names a file in a folder of its own, which git does not see', () => {
    const folder = newFolder()
    const keyFile = join(folder, '.kaosnet', 'udp.key')
    expect(keyFileIn(folder)).toEqual({ keyFile, warnings: [] })
    expect(readFileSync(join(folder, '.kaosnet', '.gitignore'), 'utf8')).toBe('*\n')
    expect(existsSync(keyFile)).toBe(false)
  })

  it('leaves what is in that folder as it is', () => {
    const folder = newFolder()
    mkdirSync(join(folder, '.kaosnet'))
    writeFileSync(join(folder, '.kaosnet', '.gitignore'), 'mine\n')
    expect(keyFileIn(folder).warnings).toEqual([])
    expect(readFileSync(join(folder, '.kaosnet', '.gitignore'), 'utf8')).toBe('mine\n')
  })

  it('warns once, with what it costs, where that folder cannot be made', () => {
    const folder = newFolder()
    writeFileSync(join(folder, '.kaosnet'), '')
    const { keyFile, warnings } = keyFileIn(folder)
    expect(keyFile).toBeUndefined()
    expect(warnings).toEqual([expect.stringMatching(/^no UDP key is kept: .* only by their timeout/)])
  })

  it.each([
    { privateKey: Buffer.alloc(32, 1).toString('base64') },
    { keyFile: '/somewhere/udp.key' },
    { enabled: false },
  ])('does nothing when the configuration says %j', (udp) => {
    const folder = newFolder()
    expect(keyFileIn(folder, udp)).toEqual({
      keyFile: 'keyFile' in udp ? udp.keyFile : undefined,
      warnings: [],
    })
    expect(existsSync(join(folder, '.kaosnet'))).toBe(false)
  })
})
