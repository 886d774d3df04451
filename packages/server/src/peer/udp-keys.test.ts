import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { resolveConfig, type ServerConfigInput } from '../config.ts'
import { resolveUdpKeys, type UdpKeys } from './udp-keys.ts'

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function keysOf(udp: ServerConfigInput['udp']): UdpKeys {
  return resolveUdpKeys(resolveConfig({ options: { udp } }).udp)
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

  it('makes fresh ones where none are configured', () => {
    const [one, other] = [keysOf({}), keysOf({})]
    expect([one.privateKey.length, one.tokenKeys.length, one.tokenKeys[0].length]).toEqual([32, 1, 32])
    expect(one.privateKey).not.toEqual(other.privateKey)
    expect(one.tokenKeys).not.toEqual(other.tokenKeys)
  })
})
