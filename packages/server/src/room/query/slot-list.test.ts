import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countOf, type SlotKey, SlotList, type Slots } from './slot-list.ts'

interface Entry<K> {
  readonly key: K
  readonly slot: number
}

function slotsOf(spans: Slots): number[] {
  return spans.flatMap(({ slots, from, to }) => slots.slice(from, to))
}

/** An array that is sorted anew after each change. */
class Model<K extends SlotKey> {
  readonly list = new SlotList<K>('label.x')
  entries: Entry<K>[] = []

  add(key: K, slot: number): void {
    this.list.add(key, slot)
    this.entries.push({ key, slot })
    this.entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.slot - b.slot))
  }

  remove(at: number): void {
    const [entry] = this.entries.splice(at, 1)
    if (entry !== undefined) this.list.remove(entry.key, entry.slot)
  }

  check(isBelow: (key: K) => boolean, isWithin: (key: K) => boolean): void {
    const run = this.entries.filter(({ key }) => !isBelow(key) && isWithin(key)).map(({ slot }) => slot)
    const found = this.list.run(isBelow, isWithin)
    expect(slotsOf(found)).toEqual(run)
    expect(countOf(found)).toBe(run.length)
    expect(slotsOf(this.list.all)).toEqual(this.entries.map(({ slot }) => slot))
    expect(this.list.isEmpty).toBe(this.entries.length === 0)
  }
}

/** Entries in bursts, so that chunks are divided and become one again. */
function burst<K>(key: fc.Arbitrary<K>): fc.Arbitrary<{ readonly added: Entry<K>[]; readonly kept: number }> {
  const entry = fc.record({ key, slot: fc.nat({ max: 400 }) })
  return fc.record({ added: fc.array(entry, { minLength: 1, maxLength: 700 }), kept: fc.nat({ max: 300 }) })
}

function play<K extends SlotKey>(
  bursts: readonly { added: Entry<K>[]; kept: number }[],
  bounds: readonly K[],
) {
  const model = new Model<K>()
  for (const { added, kept } of bursts) {
    for (const { key, slot } of added) model.add(key, slot)
    for (const low of bounds) {
      for (const high of bounds) {
        model.check(
          (key) => key < low,
          (key) => key <= high,
        )
      }
    }
    for (let n = 0; model.entries.length > kept; n++) model.remove((n * 7919) % model.entries.length)
    model.check(
      () => false,
      () => true,
    )
    while (model.entries.length > kept / 2) model.remove(Math.floor(model.entries.length / 2))
    for (const low of bounds) {
      model.check(
        (key) => key <= low,
        () => true,
      )
    }
  }
}

describe('a list of slots by key', () => {
  it('holds numbers in order, whatever comes and goes, entries that are there twice included', () => {
    const key = fc.oneof(fc.nat({ max: 5 }), fc.constantFrom(-0, 0, 2.5, -1e300, Infinity))
    fc.assert(
      fc.property(fc.array(burst(key), { minLength: 1, maxLength: 4 }), (bursts) => {
        play<number>(bursts, [-1e300, -0, 0, 2, 2.5, Infinity])
      }),
      { numRuns: 40 },
    )
  })

  it('holds strings in order', () => {
    const key = fc.oneof(fc.constantFrom('', 'a', 'ab', 'b', '\uffff', '😀'), fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(fc.array(burst(key), { minLength: 1, maxLength: 4 }), (bursts) => {
        play<string>(bursts, ['', 'a', 'ab', 'b', '\uffff'])
      }),
      { numRuns: 40 },
    )
  })

  it('gives many rooms one string to share', () => {
    const list = new SlotList<string>('label.x')
    const keys = Array.from({ length: 600 }, (_, slot) =>
      list.add(['ranked', String(slot % 3)].join(' '), slot),
    )
    expect(new Set(keys)).toEqual(new Set(['ranked 0', 'ranked 1', 'ranked 2']))
  })

  it('is in few pieces when most of it has gone, and in none when all has', () => {
    const list = new SlotList<number>('label.x')
    const count = 10_000
    for (let slot = 0; slot < count; slot++) list.add(slot, slot)
    for (let slot = 0; slot < count; slot++) if (slot % 100 !== 0) list.remove(slot, slot)
    expect(slotsOf(list.all)).toEqual(Array.from({ length: 100 }, (_, n) => n * 100))
    expect(list.all.length).toBeLessThan(4)
    for (let slot = 0; slot < count; slot += 100) list.remove(slot, slot)
    expect(list.all).toEqual([])
    expect(list.isEmpty).toBe(true)
  })
})
