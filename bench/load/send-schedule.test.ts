import { describe, expect, it } from 'vitest'
import { SendSchedule } from './send-schedule.ts'

const takeAll = (schedule: SendSchedule, count: number) =>
  Array.from({ length: count }, () => ({ dueMs: schedule.nextDueMs(), sender: schedule.take() }))

describe('SendSchedule', () => {
  it('lets everybody send once in each period, evenly spread', () => {
    const taken = takeAll(new SendSchedule({ senders: 8, perSecond: 10, startMs: 1_000 }), 16)
    expect(taken.map(({ dueMs }) => dueMs)).toEqual(
      Array.from({ length: 16 }, (_, index) => 1_000 + index * 12.5),
    )
    for (const round of [taken.slice(0, 8), taken.slice(8)]) {
      expect(round.map(({ sender }) => sender).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    }
  })

  it('does not drift: the n-th sending of a sender is n periods after its first', () => {
    const schedule = new SendSchedule({ senders: 7, perSecond: 3, startMs: 0 })
    const dues = takeAll(schedule, 7 * 3_000).filter(({ sender }) => sender === 4)
    expect(dues.at(-1)!.dueMs - dues[0]!.dueMs).toBeCloseTo((2_999 * 1000) / 3, 6)
  })

  it.each([1, 2, 3, 80, 997, 6_400])(
    'knows when each of %i senders was due to send what it sent',
    (senders) => {
      const schedule = new SendSchedule({ senders, perSecond: 10, startMs: 5 })
      const sequences = new Map<number, number>()
      for (const { dueMs, sender } of takeAll(schedule, senders * 3)) {
        const sequence = sequences.get(sender) ?? 0
        sequences.set(sender, sequence + 1)
        expect(schedule.dueMs(sender, sequence)).toBeCloseTo(dueMs, 9)
      }
    },
  )

  it.each([96, 800, 1_000, 2_000, 10_000])(
    'keeps the senders of each room apart, of %i in all',
    (senders) => {
      const order = takeAll(new SendSchedule({ senders, perSecond: 1, startMs: 0 }), senders)
      const dueMs = new Map(order.map((taken) => [taken.sender, taken.dueMs]))
      for (let first = 0; first + 8 <= senders; first += 8) {
        const room = Array.from({ length: 8 }, (_, index) => dueMs.get(first + index)!).sort((a, b) => a - b)
        const gaps = room.slice(1).map((due, index) => due - room[index]!)
        expect(Math.min(...gaps)).toBeGreaterThan(40)
      }
    },
  )

  it('says how many are due, whether or not they were taken', () => {
    const schedule = new SendSchedule({ senders: 10, perSecond: 10, startMs: 100 })
    expect([schedule.dueBy(99), schedule.dueBy(100), schedule.dueBy(1_100)]).toEqual([0, 1, 101])
    expect(schedule.taken).toBe(0)
  })
})
