import { Decoder } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeMessagePack } from './messagepack.ts'
import { buildMessagePack } from './messagepack-build.ts'
import { scanMessagePack } from './messagepack-scan.ts'
import { plainValue } from './testing/arbitraries.ts'
import { fromHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

/** Any bytes that the scan lets pass, in every format and not only in the shortest. */
const scanned = fc
  .array(
    fc.constantFrom(
      ...['c0', 'c2', 'c3', '00', '7f', 'e0', 'ff', 'cc80', 'cdffff', 'ce00000001', 'cf0000000000000001'],
      ...['d0ff', 'd18000', 'd280000000', 'd3ffffffffffffffff', 'ca3f800000', 'cb3ff8000000000000'],
      ...[
        'a0',
        'a3616263',
        'd90161',
        'da00036162c3a9'.slice(0, -2),
        'db0000000161',
        'c400',
        'c5000101',
        'c60000000102',
      ],
      ...['90', 'dc00020102', 'dd0000000101', '80', '81a161c0', 'de0001a16201', 'df00000001d9016390'],
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((items) => fromHex(`dc${items.length.toString(16).padStart(4, '0')}${items.join('')}`))
  .filter((bytes) => {
    try {
      scanMessagePack(bytes)
      return true
    } catch {
      return false
    }
  })

describe('buildMessagePack', () => {
  it('builds what the library that encodes would decode', () => {
    const library = new Decoder()
    const same = (bytes: Uint8Array): void => {
      expect(buildMessagePack(bytes)).toEqual(library.decode(bytes))
    }
    checkProperty(
      fc.property(plainValue, (value) => same(encodeMessagePack(value))),
      300,
    )
    checkProperty(fc.property(scanned, same), 300)
  })

  it('keeps a byte order mark, in short text and in long', () => {
    for (const text of ['\ufeffa', `\ufeff${'é'.repeat(200)}`]) {
      expect(buildMessagePack(encodeMessagePack(text))).toBe(text)
    }
  })
})
