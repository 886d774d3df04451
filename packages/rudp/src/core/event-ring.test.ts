import { describe, expect, it } from 'vitest'
import { ConnectionEvent, EventRing } from './event-ring.ts'

describe('the event ring', () => {
  it.each([0, 1, 15, 16, 17, 100, 512, 513, 2000])('keeps the newest 512 of %i events in order', (count) => {
    const ring = new EventRing(512)
    for (let event = 0; event < count; event++)
      ring.record(event / 2, ConnectionEvent.PacketSent, event, 2 * event)
    const dump = ring.dump()
    expect(ring.count).toBe(count)
    expect(dump.length).toBe(Math.min(count, 512))
    dump.forEach((record, index) => {
      const event = count - dump.length + index
      expect(record).toEqual({ timeMs: event / 2, name: 'PacketSent', a: event, b: 2 * event })
    })
  })

  it('keeps nothing when its capacity is 0', () => {
    const ring = new EventRing(0)
    ring.record(1, ConnectionEvent.Rtt, 1, 1)
    expect(ring.dump()).toEqual([])
  })

  it.each([8, 100, -1])('refuses a capacity of %i', (capacity) => {
    expect(() => new EventRing(capacity)).toThrow(RangeError)
  })
})
