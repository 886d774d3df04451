import type { SlotKey } from './slot-list.ts'

/** A list of strings or of numbers. Only its field knows which, and only keys of that type come with it. */
export interface AnySlotList {
  readonly path: string
  readonly isEmpty: boolean
  add(key: SlotKey, slot: number): SlotKey
  remove(key: SlotKey, slot: number): void
}

/** Where a room stands: under `keys[n]` in `lists[n]`. Two arrays, because there are dozens of pairs for each room. */
export interface Mentions {
  readonly lists: readonly AnySlotList[]
  readonly keys: SlotKey[]
}

export const NOWHERE: Mentions = { lists: [], keys: [] }

/**
 * Takes a slot out of where it was and puts it where it is now, except where both are the same: of a label, mostly one
 * value changes. What is alike is found from the start to the first difference, and behind that from the end.
 * @param onEmpty called for lists that have nothing left
 */
export function moveSlot(
  slot: number,
  before: Mentions,
  now: Mentions,
  onEmpty: (list: AnySlotList) => void,
): void {
  const start = firstDifference(before, now)
  const shift = before.keys.length - now.keys.length
  const isKept = (from: number, to: number): boolean =>
    from >= start && to >= start && areSame(before, from, now, to)
  for (let at = 0; at < start; at++) now.keys[at] = before.keys[at] as SlotKey
  // What is new comes first, so that no list that goes on is empty in between.
  for (let at = start; at < now.keys.length; at++) {
    const key = now.keys[at] as SlotKey
    now.keys[at] = isKept(at + shift, at)
      ? (before.keys[at + shift] as SlotKey)
      : (now.lists[at] as AnySlotList).add(key, slot)
  }
  for (let at = start; at < before.keys.length; at++) {
    if (isKept(at, at - shift)) continue
    const list = before.lists[at] as AnySlotList
    list.remove(before.keys[at] as SlotKey, slot)
    if (list.isEmpty) onEmpty(list)
  }
}

function firstDifference(before: Mentions, now: Mentions): number {
  const end = Math.min(before.keys.length, now.keys.length)
  let at = 0
  while (at < end && areSame(before, at, now, at)) at++
  return at
}

function areSame(a: Mentions, atA: number, b: Mentions, atB: number): boolean {
  return atA < a.keys.length && atB < b.keys.length && a.lists[atA] === b.lists[atB] && a.keys[atA] === b.keys[atB]
}
