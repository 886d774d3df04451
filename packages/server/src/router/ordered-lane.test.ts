import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deferred, settled } from '../testing/promises.ts'
import { checkAsyncProperty } from '../testing/property.ts'
import { OrderedLane } from './ordered-lane.ts'

function unreachable(error: unknown): never {
  throw error
}

describe('OrderedLane', () => {
  it('runs a task at once when nothing waits', () => {
    const lane = new OrderedLane(4, unreachable)
    const ran: number[] = []
    expect(lane.run(1, 1, () => void ran.push(1))).toBe(true)
    expect(lane.run(1, 2, () => void ran.push(2))).toBe(true)
    expect(ran).toEqual([1, 2])
    expect(lane.isBusy).toBe(false)
  })

  it('keeps the order, however long each task waits', async () => {
    const tasks = fc.array(fc.option(fc.nat({ max: 5 }), { nil: undefined }), { maxLength: 40, size: 'max' })
    await checkAsyncProperty(
      fc.asyncProperty(tasks, async (waits) => {
        const lane = new OrderedLane(waits.length, unreachable)
        const story: string[] = []
        waits.forEach((wait, index) => {
          const finish = (): void => void story.push(`end ${index}`)
          lane.run(0, 0, () => {
            story.push(`start ${index}`)
            if (wait === undefined) return finish()
            return (async () => {
              for (let i = 0; i < wait; i++) await Promise.resolve()
              finish()
            })()
          })
        })
        for (let i = 0; i < waits.length * 2; i++) await settled()
        expect(story).toEqual(waits.flatMap((_, index) => [`start ${index}`, `end ${index}`]))
        expect(lane.isBusy).toBe(false)
      }),
    )
  })

  it('refuses more than its bound of waiting tasks, and takes some again later', async () => {
    const lane = new OrderedLane(2, unreachable)
    const gate = deferred()
    const ran: number[] = []
    const add = (index: number): boolean => lane.run(0, 0, () => void ran.push(index))
    lane.run(0, 0, () => gate.promise)
    expect([add(1), add(2), add(3)]).toEqual([true, true, false])
    expect(lane.isBusy).toBe(true)
    gate.resolve()
    await settled()
    expect(ran).toEqual([1, 2])
    expect(add(4)).toBe(true)
    expect(ran).toEqual([1, 2, 4])
  })

  it('tells of a task that fails, at once or later, and goes on with the next', async () => {
    const failures: [string, number, number][] = []
    const lane = new OrderedLane(4, (error, op, id) => failures.push([(error as Error).message, op, id]))
    const ran: string[] = []
    lane.run(0x10, 1, () => {
      throw new Error('at once')
    })
    lane.run(0x11, 2, async () => {
      throw new Error('later')
    })
    lane.run(0x12, 3, () => {
      throw new Error('in the queue')
    })
    lane.run(0x13, 4, () => void ran.push('last'))
    await settled()
    expect(failures).toEqual([
      ['at once', 0x10, 1],
      ['later', 0x11, 2],
      ['in the queue', 0x12, 3],
    ])
    expect(ran).toEqual(['last'])
  })

  it('forgets what waits when it is cleared, and works on afterwards', async () => {
    const lane = new OrderedLane(4, unreachable)
    const gate = deferred()
    const ran: number[] = []
    lane.run(0, 0, () => gate.promise)
    lane.run(0, 0, () => void ran.push(1))
    lane.clear()
    lane.run(0, 0, () => void ran.push(2))
    gate.resolve()
    await settled()
    lane.run(0, 0, () => void ran.push(3))
    expect(ran).toEqual([2, 3])
  })
})
