import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError, resolveConfig, type ServerConfigInput } from '../config.ts'
import { resolveUdpKeys, type UdpKeys } from './udp-keys.ts'

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function keysOf(udp: ServerConfigInput['udp']): UdpKeys {
  return resolveUdpKeys(resolveConfig({ options: { udp } }).udp)
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kaosnet-key-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function thrownBy(act: () => unknown): Error | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return error as Error
  }
}

describe('resolveUdpKeys', () => {
  it('takes the configured keys, the newest token key first', () => {
    const [privateKey, newest, older] = [randomBytes(32), randomBytes(32), randomBytes(32)]
    const keys = keysOf({ privateKey: base64(privateKey), tokenKeys: [base64(newest), base64(older)] })
    expect(keys.privateKey).toEqual(new Uint8Array(privateKey))
    expect(keys.tokenKeys).toEqual([new Uint8Array(newest), new Uint8Array(older)])
    expect(keysOf({ tokenKeys: [base64(newest)] }).tokenKeys).toEqual([new Uint8Array(newest)])
  })

  it('has the public key that belongs to the private one', () => {
    // RFC 7748 §6.1, Alice.
    const privateKey = '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'
    const { publicKey } = keysOf({ privateKey: base64(Buffer.from(privateKey, 'hex')) })
    expect(Buffer.from(publicKey).toString('hex')).toBe(
      '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
    )
  })

  it('keeps the private key in a file that its owner alone can read, from one start to the next', () => {
    const keyFile = join(newFolder(), 'a', 'b', 'udp.key')
    const made = keysOf({ keyFile }).privateKey
    expect(keysOf({ keyFile }).privateKey).toEqual(made)
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    expect(readFileSync(keyFile, 'utf8')).toBe(`${base64(made)}\n`)
  })

  it('takes a key that somebody else has put into the file, with or without padding', () => {
    const keyFile = join(newFolder(), 'udp.key')
    const key = randomBytes(32)
    for (const text of [base64(key), base64(key).replace('=', ''), `${base64(key)}\r\n`]) {
      writeFileSync(keyFile, text)
      expect(keysOf({ keyFile }).privateKey).toEqual(new Uint8Array(key))
    }
  })

  it.each(['', 'c2hvcnQ=', 'not base64 at all', `${'A'.repeat(43)}= and more`])(
    'refuses a file that holds %j, without showing or changing it',
    (text) => {
      const keyFile = join(newFolder(), 'udp.key')
      writeFileSync(keyFile, text)
      const refused = thrownBy(() => keysOf({ keyFile }))
      expect(refused).toBeInstanceOf(ConfigError)
      expect(refused?.message).toMatch(/^udp\.keyFile: .*udp\.key: it does not hold 32 bytes in base64/)
      if (text !== '') expect(refused?.message).not.toContain(text)
      expect(readFileSync(keyFile, 'utf8')).toBe(text)
    },
  )

  it('says of a file that can be neither read nor made where it is and what the system says', () => {
    const folder = newFolder()
    expect(thrownBy(() => keysOf({ keyFile: folder }))?.message).toBe(
      `udp.keyFile: ${folder}: it cannot be read (EISDIR)`,
    )
    const blocked = join(folder, 'file', 'udp.key')
    writeFileSync(join(folder, 'file'), '')
    expect(thrownBy(() => keysOf({ keyFile: blocked }))?.message).toBe(
      `udp.keyFile: ${blocked}: it cannot be read (ENOTDIR)`,
    )
  })

  it('makes no file when UDP is off', () => {
    const keyFile = join(newFolder(), 'udp.key')
    keysOf({ keyFile, enabled: false })
    expect(existsSync(keyFile)).toBe(false)
  })

  it('takes a key from one place only', () => {
    const both = { keyFile: 'udp.key', privateKey: base64(randomBytes(32)) }
    expect(thrownBy(() => keysOf(both))?.message).toMatch(/udp\.keyFile: set either .* not both/)
  })

  it('makes fresh ones where none are configured', () => {
    const [one, other] = [keysOf({}), keysOf({})]
    expect([one.privateKey.length, one.tokenKeys.length, one.tokenKeys[0].length]).toEqual([32, 1, 32])
    expect(one.privateKey).not.toEqual(other.privateKey)
    expect(one.tokenKeys).not.toEqual(other.tokenKeys)
  })
})
