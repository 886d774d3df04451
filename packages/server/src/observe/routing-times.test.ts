import { describe, expect, it } from 'vitest'
import { OutputRouting, ROUTING_BUCKETS_SECONDS } from './routing-times.ts'

/** Observations by upper bound, those above 0. */
function seen(routing: OutputRouting): Record<string, number> {
  const entries = routing.read().counts.map((count, bucket) => [ROUTING_BUCKETS_SECONDS[bucket], count])
  return Object.fromEntries(entries.filter(([, count]) => count !== 0))
}

describe('the routing times of what rooms send', () => {
  it('run from the sending to the writing, and count once for each receiver', () => {
    const routing = new OutputRouting()
    routing.queued(10, 3)
    routing.queued(10.8, 2)
    routing.flushed(0)
    routing.written(0, 11)
    expect(seen(routing)).toEqual({ '0.001': 3, '0.0002': 2 })
    expect(routing.read().sumSeconds).toBeCloseTo(0.0034)
  })

  it('leave out what connections did not have yet, and what those have that are not served yet', () => {
    const routing = new OutputRouting()
    routing.queued(10, 1)
    routing.written(7, 11)
    expect(seen(routing)).toEqual({})
    routing.flushed(8)
    routing.queued(12, 5)
    routing.flushed(20)
    routing.written(7, 13)
    expect(seen(routing)).toEqual({})
    routing.written(19, 14)
    expect(seen(routing)).toEqual({ '0.004': 1 })
    routing.queued(13.5, 2)
    routing.written(20, 16)
    expect(seen(routing)).toEqual({ '0.004': 6 })
    routing.flushed(20)
    routing.written(20, 14)
    routing.written(30, 50)
    expect(seen(routing)).toEqual({ '0.004': 6, '0.0005': 2 })
  })
})
