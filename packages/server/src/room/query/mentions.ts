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

/** How far ahead the same is looked for where two differ: so much may be put into a label or taken out at one place. */
const LOOK_AHEAD = 8

/**
 * Takes a slot out of where it was and puts it where it is now, except where both are the same: of a label, mostly one
 * value changes.
 * @param onEmpty called for lists that have nothing left
 */
export function moveSlot(
  slot: number,
  before: Mentions,
  now: Mentions,
  onEmpty: (list: AnySlotList) => void,
): void {
  const { added, removed } = pairUp(before, now)
  // What is new comes first, so that no list that goes on is empty in between.
  for (const at of added) now.keys[at] = (now.lists[at] as AnySlotList).add(now.keys[at] as SlotKey, slot)
  for (const at of removed) {
    const list = before.lists[at] as AnySlotList
    list.remove(before.keys[at] as SlotKey, slot)
    if (list.isEmpty) onEmpty(list)
  }
}

/** What has no partner in the other. Those that have one share its key from now on. */
function pairUp(before: Mentions, now: Mentions): { readonly added: number[]; readonly removed: number[] } {
  const added: number[] = []
  const removed: number[] = []
  let from = 0
  let to = 0
  const remove = (until: number): void => {
    while (from < until) removed.push(from++)
  }
  const add = (until: number): void => {
    while (to < until) added.push(to++)
  }
  while (from < before.keys.length && to < now.keys.length) {
    const key = before.keys[from] as SlotKey
    if (key === now.keys[to] && before.lists[from] === now.lists[to]) {
      now.keys[to++] = key
      from++
      continue
    }
    const { skipped, inserted } = nextPair(before, from, now, to)
    remove(from + skipped)
    add(to + inserted)
  }
  remove(before.keys.length)
  add(now.keys.length)
  return { added, removed }
}

/** How many of each to pass to find two that are the same; one of each if there are none near. */
function nextPair(
  before: Mentions,
  from: number,
  now: Mentions,
  to: number,
): { readonly skipped: number; readonly inserted: number } {
  for (let ahead = 1; ahead <= LOOK_AHEAD; ahead++) {
    if (areSame(before, from + ahead, now, to)) return { skipped: ahead, inserted: 0 }
    if (areSame(before, from, now, to + ahead)) return { skipped: 0, inserted: ahead }
  }
  return { skipped: 1, inserted: 1 }
}

function areSame(before: Mentions, from: number, now: Mentions, to: number): boolean {
  return (
    from < before.keys.length &&
    to < now.keys.length &&
    before.lists[from] === now.lists[to] &&
    before.keys[from] === now.keys[to]
  )
}
