/**
 * A copy of a list by number with one entry more, just as long as it must be. An array that is assigned to beyond
 * its end makes room for 16 entries and more, which in the many short lists of a connection are never used.
 */
export function withEntry<T>(list: readonly (T | undefined)[], index: number, entry: T): (T | undefined)[] {
  const copy = new Array<T | undefined>(Math.max(list.length, index + 1))
  for (let at = 0; at < copy.length; at++) copy[at] = at === index ? entry : list[at]
  return copy
}
