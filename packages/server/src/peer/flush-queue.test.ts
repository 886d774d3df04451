import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { FlushQueue, type Flushable } from './flush-queue.ts'

function named(name: string, story: string[], andThen: () => void = () => {}): Flushable {
  return {
    flush() {
      story.push(name)
      andThen()
    },
  }
}

describe('FlushQueue', () => {
  it('flushes what was added in this turn, in order, at its end', () => {
    const clock = new ManualClock()
    const queue = new FlushQueue(clock)
    const story: string[] = []
    queue.add(named('a', story))
    queue.add(named('b', story))
    expect(story).toEqual([])
    clock.turn()
    expect(story).toEqual(['a', 'b'])
    clock.turn()
    expect(story).toEqual(['a', 'b'])
  })

  it('flushes again in a later turn', () => {
    const clock = new ManualClock()
    const queue = new FlushQueue(clock)
    const story: string[] = []
    const one = named('a', story)
    for (let turn = 0; turn < 3; turn++) {
      queue.add(one)
      clock.turn()
    }
    expect(story).toEqual(['a', 'a', 'a'])
  })

  it('leaves what a flush adds to the next turn', () => {
    const clock = new ManualClock()
    const queue = new FlushQueue(clock)
    const story: string[] = []
    const late = named('late', story)
    queue.add(named('a', story, () => queue.add(late)))
    queue.add(named('b', story))
    queue.flush()
    expect(story).toEqual(['a', 'b'])
    clock.turn()
    expect(story).toEqual(['a', 'b', 'late'])
  })

  it('flushes once when it is flushed by hand before its turn', () => {
    const clock = new ManualClock()
    const queue = new FlushQueue(clock)
    const story: string[] = []
    queue.add(named('a', story))
    queue.flush()
    clock.turn()
    expect(story).toEqual(['a'])
  })
})
