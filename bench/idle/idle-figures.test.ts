import { describe, expect, it } from 'vitest'
import { bytesEach } from './idle-figures.ts'

const memory = (rssBytes: number, heapBytes: number, foundRssBytes: number) => ({
  rssBytes,
  heapBytes,
  foundRssBytes,
  nurseryBytes: 50,
})

describe('bytesEach', () => {
  it('divides the growth since nobody was there, and that since the size before', () => {
    const sizes = [
      { count: 100, memory: memory(2_000, 600, 3_000) },
      { count: 300, memory: memory(8_000, 1_300, 8_600) },
    ]
    expect(bytesEach(memory(1_000, 100, 5_000), sizes)).toEqual([
      { rss: 10, rssOfFurther: 10, foundRss: -20, heap: 5 },
      { rss: 7_000 / 300, rssOfFurther: 30, foundRss: 12, heap: 4 },
    ])
  })
})
