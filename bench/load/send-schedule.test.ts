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

  it('keeps the senders of one room apart', () => {
    const order = takeAll(new SendSchedule({ senders: 800, perSecond: 1, startMs: 0 }), 800)
    const room = order.filter(({ sender }) => sender < 8).map(({ dueMs }) => dueMs)
    const gaps = room.slice(1).map((dueMs, index) => dueMs - room[index]!)
    expect(Math.min(...gaps)).toBeGreaterThan(40)
  })

  it('says how many are due, whether or not they were taken', () => {
    const schedule = new SendSchedule({ senders: 10, perSecond: 10, startMs: 100 })
    expect([schedule.dueBy(99), schedule.dueBy(100), schedule.dueBy(1_100)]).toEqual([0, 1, 101])
    expect(schedule.taken).toBe(0)
  })
})
