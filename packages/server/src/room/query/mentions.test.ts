import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnySlotList, type Mentions, moveSlot, NOWHERE } from './mentions.ts'
import type { SlotKey } from './slot-list.ts'

/** Notes what is done to it. */
class NotedList implements AnySlotList {
  readonly path = 'label.x'
  readonly entries: SlotKey[] = []
  changes = 0

  get isEmpty(): boolean {
    return this.entries.length === 0
  }

  add(key: SlotKey): SlotKey {
    this.changes++
    this.entries.push(key)
    return key
  }

  remove(key: SlotKey): void {
    this.changes++
    const at = this.entries.indexOf(key)
    if (at === -1) throw new Error(`${key} is not there`)
    this.entries.splice(at, 1)
  }
}

function mentions(list: AnySlotList, keys: readonly SlotKey[]): Mentions {
  return { lists: keys.map(() => list), keys: [...keys] }
}

/** How many entries came or went. */
function changesBetween(before: readonly SlotKey[], now: readonly SlotKey[]): number {
  const list = new NotedList()
  const held = mentions(list, before)
  moveSlot(1, NOWHERE, held, () => {})
  list.changes = 0
  moveSlot(1, held, mentions(list, now), () => {})
  expect(list.entries.toSorted()).toEqual([...now].sort())
  return list.changes
}

describe('a slot that moves', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']
  it.each([
    ['nothing', keys, keys, 0],
    ['one value', keys, ['a', 'b', 'x', 'd', 'e', 'f'], 2],
    ['the first and the last value', keys, ['x', 'b', 'c', 'd', 'e', 'y'], 4],
    ['two more at the start', keys, ['x', 'y', ...keys], 2],
    ['two more in the middle', keys, ['a', 'b', 'c', 'x', 'y', 'd', 'e', 'f'], 2],
    ['three fewer', keys, ['a', 'e', 'f'], 3],
    ['more and fewer', keys, ['a', 'x', 'b', 'd', 'e', 'f', 'g'], 3],
    ['all', keys, [], 6],
  ])('changes only what differs: %s', (_, before, now, changes) => {
    expect(changesBetween(before, now)).toBe(changes)
  })

  it('is where it should be, whatever the two have in common', () => {
    const some = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
    fc.assert(
      fc.property(some, some, (before, now) => {
        changesBetween(before, now)
      }),
    )
  })

  it('says which lists it leaves empty, and of none that it comes back to', () => {
    const [left, kept] = [new NotedList(), new NotedList()]
    const before = { lists: [left, kept], keys: ['a', 'b'] }
    moveSlot(1, NOWHERE, before, () => {})
    const emptied: AnySlotList[] = []
    moveSlot(1, before, mentions(kept, ['c']), (list) => emptied.push(list))
    expect(emptied).toEqual([left])
  })
})
