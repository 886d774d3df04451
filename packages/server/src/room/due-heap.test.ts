import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProperty } from '../testing/property.ts'
import { DueHeap, type DueItem } from './due-heap.ts'

const due = fc.integer({ min: 0, max: 50 })
/** `which` picks one of the items in the heap. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), due }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('update' as const), which: fc.nat(), due }),
  fc.record({ kind: fc.constant('pop' as const) }),
)

function itemDue(nextDueMs: number): DueItem {
  return { nextDueMs, heapIndex: -1 }
}

function pop(heap: DueHeap<DueItem>): DueItem | undefined {
  const top = heap.peek()
  if (top !== undefined) heap.remove(top)
  return top
}

describe('DueHeap', () => {
  it('has the earliest item on top after any pushes, removals and changes', () => {
    checkProperty(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const heap = new DueHeap<DueItem>()
        const model: DueItem[] = []
        const seen: unknown[] = []
        const expected: unknown[] = []
        for (const action of steps) {
          if (action.kind === 'push') {
            const item = itemDue(action.due)
            heap.push(item)
            model.push(item)
          } else if (action.kind === 'pop') {
            const top = pop(heap)
            if (top !== undefined) model.splice(model.indexOf(top), 1)
          } else if (model.length > 0) {
            const index = action.which % model.length
            const item = model[index]
            if (item === undefined) continue
            if (action.kind === 'remove') {
              heap.remove(item)
              model.splice(index, 1)
            } else {
              item.nextDueMs = action.due
              heap.update(item)
            }
          }
          const places = new Set(model.map(({ heapIndex }) => heapIndex))
          seen.push([heap.size, heap.peek()?.nextDueMs, places.size])
          const earliest = model.reduce(
            (least, { nextDueMs }) => Math.min(least, nextDueMs),
            Number.POSITIVE_INFINITY,
          )
          expected.push([model.length, model.length === 0 ? undefined : earliest, model.length])
        }
        expect(seen).toEqual(expected)
        const rest = Array.from(model, () => pop(heap)?.nextDueMs)
        expect(rest).toEqual(model.map(({ nextDueMs }) => nextDueMs).sort((a, b) => a - b))
        expect(heap.size).toBe(0)
      }),
      100,
    )
  })

  it('ignores the removal of an item it does not hold', () => {
    const heap = new DueHeap<DueItem>()
    const held = itemDue(1)
    const gone = itemDue(2)
    heap.push(held)
    heap.push(gone)
    heap.remove(gone)
    expect(gone.heapIndex).toBe(-1)
    heap.remove(gone)
    heap.remove(itemDue(0))
    expect(heap.size).toBe(1)
    expect(heap.peek()).toBe(held)
  })

  it('is empty when it is new', () => {
    expect(new DueHeap<DueItem>().peek()).toBeUndefined()
  })
})
