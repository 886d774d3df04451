import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireLimits } from './limits.ts'
import { encodeMessagePack } from './messagepack.ts'
import { scanMessagePack } from './messagepack-scan.ts'
import { plainValue } from './testing/arbitraries.ts'
import { concat, fromHex, toHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

const invalid = expect.objectContaining({ error: 'INVALID_MESSAGEPACK' })
const scan = (hex: string) => () => scanMessagePack(fromHex(hex))

/** One value of each format of the specification, with content of every length its header can give in few bytes. */
const formats: readonly [name: string, hex: string][] = [
  ['positive fixint', '00'],
  ['positive fixint', '7f'],
  ['fixmap', '80'],
  ['fixmap', '81a16101'],
  ['fixarray', '90'],
  ['fixarray', '93010203'],
  ['fixstr', 'a0'],
  ['fixstr', `bf${'61'.repeat(31)}`],
  ['nil', 'c0'],
  ['false', 'c2'],
  ['true', 'c3'],
  ['bin 8', 'c403010203'],
  ['bin 16', 'c5000101'],
  ['bin 32', 'c60000000101'],
  ['float 32', 'ca3f800000'],
  ['float 64', 'cb3ff0000000000000'],
  ['uint 8', 'ccff'],
  ['uint 16', 'cdffff'],
  ['uint 32', 'ceffffffff'],
  ['uint 64', 'cfffffffffffffffff'],
  ['int 8', 'd080'],
  ['int 16', 'd18000'],
  ['int 32', 'd280000000'],
  ['int 64', 'd38000000000000000'],
  ['str 8', 'd90161'],
  ['str 16', 'da000161'],
  ['str 32', 'db0000000161'],
  ['array 16', 'dc0001c0'],
  ['array 32', 'dd00000001c0'],
  ['map 16', 'de0001a161c0'],
  ['map 32', 'df00000001a161c0'],
  ['negative fixint', 'e0'],
  ['negative fixint', 'ff'],
]

describe('scanMessagePack', () => {
  it.each(formats)('takes %s (%s), and refuses it when it is cut off or followed by a byte', (_, hex) => {
    const bytes = fromHex(hex)
    expect(() => scanMessagePack(bytes)).not.toThrow()
    for (let length = 0; length < bytes.length; length++) {
      expect(() => scanMessagePack(bytes.subarray(0, length)), `${length} bytes`).toThrow(invalid)
    }
    expect(() => scanMessagePack(concat(bytes, fromHex('c0')))).toThrow(invalid)
  })

  it('refuses c1 and the eight extension formats', () => {
    for (const head of ['c1', 'c7', 'c8', 'c9', 'd4', 'd5', 'd6', 'd7', 'd8']) {
      expect(scan(head + '00'.repeat(20)), head).toThrow(/is not allowed/)
    }
  })

  it('takes what the encoder writes, and refuses each strict prefix of it', () => {
    checkProperty(
      fc.property(plainValue, fc.nat(), (value, cut) => {
        const bytes = encodeMessagePack(value)
        expect(() => scanMessagePack(bytes)).not.toThrow()
        expect(() => scanMessagePack(bytes.subarray(0, cut % bytes.length))).toThrow(invalid)
      }),
    )
  })

  it('takes only strings as keys, in any of their four formats', () => {
    for (const key of ['a161', 'd90161', 'da000161', 'db0000000161'])
      expect(scan(`81${key}c0`), key).not.toThrow()
    for (const key of ['01', 'c0', 'c3', 'c40161', '90', '80', 'cb3ff0000000000000', 'e0']) {
      expect(scan(`81${key}c0`), key).toThrow(/a map key is not a string/)
    }
    expect(scan('82 a161 01 02 03'), 'second key').toThrow(/a map key is not a string/)
    expect(scan('82 a161 9101 02 03'), 'key after a nested value').toThrow(
      /offset 5: a map key is not a string/,
    )
  })

  it('counts keys of a nested map apart from those around it', () => {
    expect(scan('82 a161 82 a162 01 a163 02 a164 03')).not.toThrow()
    expect(scan('82 a161 80 a164 90')).not.toThrow()
  })

  it.each([
    ['a lone continuation byte', '80'],
    ['an overlong form', 'c080'],
    ['a surrogate', 'eda080'],
    ['a code point above U+10FFFF', 'f4908080'],
    ['a sequence that is cut off', 'e282'],
    ['ASCII, then rubbish', '6161ff'],
  ])('refuses a string with %s, in values and in keys', (_, text) => {
    const header = (0xa0 + text.length / 2).toString(16)
    expect(scan(header + text)).toThrow(/not valid UTF-8/)
    expect(scan(`81${header}${text}c0`)).toThrow(/not valid UTF-8/)
  })

  it('takes every UTF-8 length', () => {
    expect(scan('aa 7f c280 e0a080 f0908080')).not.toThrow()
  })

  it('does not look into bin', () => {
    expect(scan('c403ffc1d8')).not.toThrow()
  })

  it('nests 32 levels deep and not 33', () => {
    const nested = (levels: number, inner: string) => '91'.repeat(levels - 1) + inner
    const maps = (levels: number) => `${'81a161'.repeat(levels)}c0`
    expect(WireLimits.payloadDepth).toBe(32)
    expect(scan(nested(32, '90'))).not.toThrow()
    expect(scan(nested(32, '9101'))).not.toThrow()
    expect(scan(maps(32))).not.toThrow()
    expect(scan(nested(33, '90'))).toThrow(/nests deeper than 32/)
    expect(scan(nested(33, '80'))).toThrow(/nests deeper than 32/)
    expect(scan(maps(33))).toThrow(/nests deeper than 32/)
    expect(scan(`92${nested(31, '90')}${nested(31, '90')}`), 'levels beside one another').not.toThrow()
  })

  it('never lets headers announce more elements than there are bytes left', () => {
    expect(scan('dd ffffffff')).toThrow(/announces 4294967295 element/)
    expect(scan('df ffffffff')).toThrow(/announces 8589934590 element/)
    expect(scan('dc 0002 c0')).toThrow(invalid)
    expect(scan('dc 0002 c0 c0')).not.toThrow()
    expect(scan('de 0001 a0')).toThrow(invalid)
    // Each header alone would fit what follows it; together they announce more.
    const outer = 'dc 0020'
    expect(scan(outer + outer + 'c0'.repeat(60)), 'two headers').toThrow(/announces 32 element/)
  })

  it('stops at the header that announces too much, however many follow', () => {
    const hostile = fromHex('dcffff'.repeat(21_845))
    expect(() => scanMessagePack(hostile)).toThrow(/offset 3: announces 65535/)
    const outer = fromHex('dc7fff'.repeat(21_845))
    expect(() => scanMessagePack(outer)).toThrow(/offset 6: announces 32767/)
  })

  it('names the offset of the fault', () => {
    expect(scan('92 01 c1')).toThrow(/offset 2: type 0xc1/)
    expect(scan('01 02')).toThrow(/offset 1: 1 byte\(s\) follow/)
    expect(scan('')).toThrow(/offset 0: needs 1 more byte\(s\), 0 left/)
  })

  it('reads from the middle of a buffer', () => {
    const buffer = fromHex('c1 cd0102 c1')
    expect(() => scanMessagePack(buffer.subarray(1, 4))).not.toThrow()
    expect(toHex(buffer)).toBe('c1cd0102c1')
  })
})
