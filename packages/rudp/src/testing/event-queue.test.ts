import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue, TimedEvent } from './event-queue.ts'

class Marker extends TimedEvent {
  override fire(): void {}
}

function drain(queue: EventQueue): TimedEvent[] {
  const events: TimedEvent[] = []
  for (let event = queue.peek(); event !== undefined; event = queue.peek()) {
    queue.remove(event)
    events.push(event)
  }
  return events
}

describe('EventQueue', () => {
  it('yields what a sorted list yields after any adding, moving and removing', () => {
    const operation = fc.record({
      target: fc.nat(30),
      atMs: fc.integer({ min: 0, max: 20 }),
      removes: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const queue = new EventQueue()
        const markers = Array.from({ length: 31 }, () => new Marker())
        let expected: { marker: Marker; atMs: number }[] = []
        for (const { target, atMs, removes } of operations) {
          const marker = markers[target] as Marker
          expected = expected.filter((entry) => entry.marker !== marker)
          if (removes) {
            queue.remove(marker)
          } else {
            queue.add(marker, atMs)
            expected.push({ marker, atMs })
          }
          expect(queue.size).toBe(expected.length)
        }
        // Array sort is stable, as the queue promises to be.
        expected.sort((left, right) => left.atMs - right.atMs)
        expect(drain(queue)).toEqual(expected.map((entry) => entry.marker))
      }),
      { seed: 1 },
    )
  })

  it('forgets an event that was removed, so that it can be added again', () => {
    const queue = new EventQueue()
    const marker = new Marker()
    queue.add(marker, 5)
    queue.remove(marker)
    queue.remove(marker)
    expect(queue.size).toBe(0)
    expect(marker.heapIndex).toBe(-1)
    queue.add(marker, 1)
    expect(queue.peek()).toBe(marker)
  })
})
