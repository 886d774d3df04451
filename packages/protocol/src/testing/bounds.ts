/** Values just inside and just outside of what a field's label promises. */
export interface Bounds {
  readonly inside: readonly unknown[]
  readonly outside: readonly unknown[]
}

/**
 * Reads the bounds of a field type from its label, so that a test can hold the type to what the specification prints.
 * `sample` is a valid value; elements of lists are taken from it.
 */
export function boundsOf(label: string, sample: unknown): Bounds {
  const uint = /^uint (\d+)–(\d+)$/.exec(label)
  if (uint !== null) {
    const [min, max] = [Number(uint[1]), Number(uint[2])]
    return { inside: [min, max], outside: [min - 1, max + 1, min + 0.5, '1', null] }
  }
  const str = /^str (?:≤ |(\d+)–)?(\d+) B$/.exec(label)
  if (str !== null) {
    const max = Number(str[2])
    const min = str[1] !== undefined ? Number(str[1]) : label.includes('≤') ? 0 : max
    return {
      inside: ['a'.repeat(min), 'a'.repeat(max), `é${'a'.repeat(max - 2)}`],
      outside: [
        'a'.repeat(max + 1),
        `é${'a'.repeat(max - 1)}`,
        ...(min > 0 ? ['a'.repeat(min - 1)] : []),
        1,
        null,
      ],
    }
  }
  const entries = /^map of ≤ (\d+): str 1–(\d+) B → str ≤ (\d+) B( or a number)?$/.exec(label)
  if (entries !== null) {
    const [count, keyBytes, valueBytes] = entries.slice(1, 4).map(Number) as [number, number, number]
    const isNumberAllowed = entries[4] !== undefined
    const map = (size: number, key: number, value: number) =>
      Object.fromEntries(
        Array.from(
          { length: size },
          (_, index) => [String(index).padStart(key, 'k'), 'v'.repeat(value)] as const,
        ),
      )
    return {
      inside: [{}, map(count, keyBytes, valueBytes), ...(isNumberAllowed ? [{ k: -1.5 }] : [])],
      outside: [
        map(count + 1, 4, 1),
        map(1, keyBytes + 1, 1),
        map(1, 4, valueBytes + 1),
        { '': '' },
        { k: isNumberAllowed ? Number.NaN : 1 },
        { k: true },
        [],
        null,
      ],
    }
  }
  const map = /^map(?: ≤ (\d+) B)?$/.exec(label)
  if (map !== null) {
    // fixmap, key "a" and the header of bin 16: 6 bytes around the content.
    const sized = (bytes: number) => ({ a: new Uint8Array(bytes - 6) })
    const bound = map[1] === undefined ? undefined : Number(map[1])
    return {
      inside: [{}, ...(bound === undefined ? [] : [sized(bound)])],
      outside: [...(bound === undefined ? [] : [sized(bound + 1)]), [], 'a', null, new Uint8Array(1)],
    }
  }
  const list = /^array of ≤ (\d+): (.+)$/.exec(label)
  if (list !== null) {
    const max = Number(list[1])
    const element: unknown = (sample as readonly unknown[])[0]
    return {
      inside: [[], new Array(max).fill(element)],
      outside: [new Array(max + 1).fill(element), {}, null],
    }
  }
  const bin = /^bin ≤ (\d+) B$/.exec(label)
  if (bin !== null) {
    const max = Number(bin[1])
    return {
      inside: [new Uint8Array(0), new Uint8Array(max)],
      outside: [new Uint8Array(max + 1), 'a', [], null],
    }
  }
  // A map with known fields, which has a test of its own.
  if (/^[A-Z]\w+$/.test(label)) return { inside: [sample], outside: [[], 'a', 1, null] }
  if (label === 'bool') return { inside: [true, false], outside: [0, 'true', null] }
  if (label === 'float or int') return { inside: [0, -1.5, 2 ** 53], outside: ['1', null, Number.NaN] }
  if (label === 'any') return { inside: [null, 0, 'a', [], {}], outside: [] }
  if (label.startsWith('"')) {
    return {
      inside: label.split(' | ').map((word) => JSON.parse(word) as unknown),
      outside: ['', 'other', 1, null],
    }
  }
  throw new Error(`a label that the test cannot read: ${label}`)
}
