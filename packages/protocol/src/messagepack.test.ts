import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMessagePack, encodeMessagePack } from './messagepack.ts'
import { plainValue } from './testing/arbitraries.ts'
import { concat, fromHex, toHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

const invalid = expect.objectContaining({ error: 'INVALID_MESSAGEPACK' })
const roundTrip = (value: unknown) => decodeMessagePack(encodeMessagePack(value))

function nested(levels: number, inner: unknown): unknown {
  let value = inner
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

describe('MessagePack', () => {
  it('decodes to what was encoded', () => {
    checkProperty(
      fc.property(plainValue, (value) => {
        expect(roundTrip(value)).toEqual(value)
      }),
      300,
    )
  })

  it('decodes to what was encoded from within a larger buffer', () => {
    checkProperty(
      fc.property(plainValue, (value) => {
        const bytes = encodeMessagePack(value)
        const buffer = concat(fromHex('c1c1c1'), bytes, fromHex('c1'))
        expect(decodeMessagePack(buffer.subarray(3, 3 + bytes.length))).toEqual(value)
      }),
    )
  })

  // https://github.com/msgpack/msgpack/blob/master/spec.md#int-format-family
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65_535, 'cdffff'],
    [65_536, 'ce00010000'],
    [4_294_967_295, 'ceffffffff'],
    [4_294_967_296, 'cf0000000100000000'],
    [Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-128, 'd080'],
    [-129, 'd1ff7f'],
    [-32_768, 'd18000'],
    [-32_769, 'd2ffff7fff'],
    [-2_147_483_648, 'd280000000'],
    [-2_147_483_649, 'd3ffffffff7fffffff'],
    [Number.MIN_SAFE_INTEGER, 'd3ffe0000000000001'],
    [0.5, 'cb3fe0000000000000'],
    [2 ** 53, 'cb4340000000000000'],
  ])('writes %d as %s, the shortest format', (value, hex) => {
    expect(toHex(encodeMessagePack(value))).toBe(hex)
    expect(decodeMessagePack(fromHex(hex))).toBe(value)
  })

  it.each([
    ['str', 'a'.repeat(31), 'bf'],
    ['str', 'a'.repeat(32), 'd920'],
    ['str', 'a'.repeat(255), 'd9ff'],
    ['str', 'a'.repeat(256), 'da0100'],
    ['str', 'a'.repeat(65_535), 'daffff'],
    ['str', 'a'.repeat(65_536), 'db00010000'],
    ['bin', new Uint8Array(255), 'c4ff'],
    ['bin', new Uint8Array(256), 'c50100'],
    ['bin', new Uint8Array(65_536), 'c600010000'],
    ['array', new Array(15).fill(1), '9f'],
    ['array', new Array(16).fill(1), 'dc0010'],
    ['array', new Array(65_536).fill(1), 'dd00010000'],
  ])('writes the shortest header of %s', (_, value, header) => {
    const bytes = encodeMessagePack(value)
    expect(toHex(bytes.subarray(0, header.length / 2))).toBe(header)
    expect(toHex(encodeMessagePack(decodeMessagePack(bytes)))).toBe(toHex(bytes))
  })

  it('loses the low digits of integers beyond 2^53', () => {
    expect(decodeMessagePack(fromHex('cf0020000000000001'))).toBe(2 ** 53)
    expect(decodeMessagePack(fromHex('d38000000000000000'))).toBe(-(2 ** 63))
  })

  it('gives bin as a view of the bytes', () => {
    const bytes = fromHex('c40101')
    const value = decodeMessagePack(bytes) as Uint8Array
    bytes[2] = 7
    expect(value[0]).toBe(7)
  })

  it('nests 32 levels and refuses 33, both ways', () => {
    for (const inner of [1, [], {}, 'text']) {
      const levels = typeof inner === 'object' ? 31 : 32
      expect(roundTrip(nested(levels, inner))).toEqual(nested(levels, inner))
      expect(() => encodeMessagePack(nested(levels + 1, inner))).toThrow(/nests deeper than 32/)
    }
  })
})

describe('encodeMessagePack', () => {
  it('leaves out undefined properties and writes undefined elements as nil', () => {
    expect(toHex(encodeMessagePack({ a: undefined, b: 1 }))).toBe('81a16201')
    expect(toHex(encodeMessagePack([undefined]))).toBe('91c0')
    expect(toHex(encodeMessagePack(undefined))).toBe('c0')
  })

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a Float32Array', new Float32Array(2)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['a RegExp', /x/],
    ['a Promise', Promise.resolve()],
    ['an Error', new Error('x')],
  ])('refuses %s rather than sending something else, wherever it is', (_, value) => {
    const refused = expect.objectContaining({ error: 'INVALID_PAYLOAD' })
    expect(() => encodeMessagePack(value)).toThrow(refused)
    expect(() => encodeMessagePack([value])).toThrow(refused)
    expect(() => encodeMessagePack({ a: { b: value } })).toThrow(refused)
  })

  it('takes instances of classes and objects without a prototype for maps', () => {
    class Point {
      readonly x = 1
      get y(): number {
        return 2
      }
    }
    expect(roundTrip(new Point())).toEqual({ x: 1 })
    expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 })
  })

  it('refuses a value that contains itself', () => {
    const circular: unknown[] = []
    circular.push(circular)
    expect(() => encodeMessagePack(circular)).toThrow(/nests deeper than 32/)
  })

  it('refuses the key __proto__, which the other side would refuse', () => {
    expect(() => encodeMessagePack(JSON.parse('{"__proto__":1}'))).toThrow(/__proto__/)
    expect(() => decodeMessagePack(fromHex('81a95f5f70726f746f5f5f01'))).toThrow(invalid)
  })

  it.each(['\ud800', '\udfff', 'a\ud83d', '\udc00\ud800', `${'x'.repeat(100)}\ud800`])(
    'sends a lone surrogate as U+FFFD, in short text, long text and keys (%j)',
    (text) => {
      const expected = text.replace(/[\ud800-\udfff]/g, '\ufffd')
      expect(roundTrip(text)).toBe(expected)
      expect(roundTrip({ [text]: [text, 1, null, new Uint8Array(1)] })).toEqual({
        [expected]: [expected, 1, null, new Uint8Array(1)],
      })
    },
  )

  it('leaves surrogate pairs alone', () => {
    expect(toHex(encodeMessagePack('🙂'))).toBe('a4f09f9982')
  })

  it('writes anything made of plain values so that it can be decoded', () => {
    const anyText = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    })
    checkProperty(
      fc.property(
        fc.object({ key: anyText, values: [anyText, fc.double(), fc.constant(null)], maxDepth: 4 }),
        (value) => {
          fc.pre(!JSON.stringify(value).includes('__proto__'))
          expect(() => roundTrip(value)).not.toThrow()
        },
      ),
    )
  })
})

describe('decodeMessagePack', () => {
  it('makes maps plain objects, whatever their keys are called', () => {
    const bytes = encodeMessagePack({ constructor: 1, toString: 2, hasOwnProperty: 3 })
    const value = decodeMessagePack(bytes) as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.entries(value)).toEqual([
      ['constructor', 1],
      ['toString', 2],
      ['hasOwnProperty', 3],
    ])
  })

  it('refuses what the scan refuses, with the offset', () => {
    expect(() => decodeMessagePack(fromHex('9201c1'))).toThrow(invalid)
    expect(() => decodeMessagePack(fromHex('9201c1'))).toThrow(/offset 2/)
  })
})
