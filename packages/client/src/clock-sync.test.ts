import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClockSync } from './clock-sync.ts'

const BASE_MS = 1_700_000_000_000

/** A heartbeat of ours at `sentMs`, answered by a server whose clock is `aheadMs` ahead after it held it `holdMs`. */
function exchange(
  sync: ClockSync,
  options: { sentMs: number; upMs: number; downMs: number; aheadMs: number; holdMs?: number },
): boolean {
  const { sentMs, upMs, downMs, aheadMs, holdMs = 0 } = options
  const answeredMs = sentMs + upMs + holdMs
  return sync.addHeartbeat(
    {
      isReplyWanted: false,
      sentUs: (answeredMs + aheadMs) * 1000,
      echoUs: sentMs * 1000,
      holdUs: holdMs * 1000,
    },
    answeredMs + downMs,
  )
}

describe('ClockSync', () => {
  it('knows nothing before the first session: no latency, and the local clock as the server’s', () => {
    const sync = new ClockSync()
    expect(sync.latencyMs).toBe(0)
    expect(sync.jitterMs).toBe(0)
    expect(sync.serverTimeMs(BASE_MS)).toBe(BASE_MS)
  })

  it('measures the round trip without the time the server held the heartbeat', () => {
    const sync = new ClockSync()
    expect(exchange(sync, { sentMs: BASE_MS, upMs: 20, downMs: 30, aheadMs: 0, holdMs: 400 })).toBe(true)
    expect(sync.latencyMs).toBeCloseTo(50, 3)
  })

  it('smooths the round trip with weight 1/8', () => {
    const sync = new ClockSync()
    exchange(sync, { sentMs: BASE_MS, upMs: 20, downMs: 20, aheadMs: 0 })
    exchange(sync, { sentMs: BASE_MS + 1_000, upMs: 60, downMs: 60, aheadMs: 0 })
    expect(sync.latencyMs).toBeCloseTo(40 + (120 - 40) / 8, 3)
  })

  it('measures jitter from arrivals as RFC 3550 §6.4.1 does: a sixteenth of each change of transit time', () => {
    const sync = new ClockSync()
    for (const [index, downMs] of [30, 46, 30].entries()) {
      exchange(sync, { sentMs: BASE_MS + index * 1_000, upMs: 5, downMs, aheadMs: 77 })
    }
    const first = 16 / 16
    expect(sync.jitterMs).toBeCloseTo(first + (16 - first) / 16, 3)
  })

  it('estimates the server’s clock to within half the asymmetry of the best of the last eight round trips', () => {
    const way = fc.double({ min: 0.1, max: 500, noNaN: true })
    const hold = fc.double({ min: 0, max: 1_000, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(fc.record({ upMs: way, downMs: way, holdMs: hold }), { minLength: 1, maxLength: 30 }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (ways, aheadMs) => {
          const sync = new ClockSync()
          for (const [index, item] of ways.entries()) {
            exchange(sync, { ...item, sentMs: BASE_MS + index * 5_000, aheadMs })
          }
          const best = ways.slice(-8).reduce((a, b) => (b.upMs + b.downMs <= a.upMs + a.downMs ? b : a))
          const errorMs = Math.abs(sync.serverTimeMs(BASE_MS) - BASE_MS - aheadMs)
          expect(errorMs).toBeLessThanOrEqual(Math.abs(best.upMs - best.downMs) / 2 + 0.01)
        },
      ),
    )
  })

  it('forgets a good sample after eight worse ones', () => {
    const sync = new ClockSync()
    exchange(sync, { sentMs: BASE_MS, upMs: 1, downMs: 1, aheadMs: 100 })
    for (let i = 1; i <= 7; i++) {
      exchange(sync, { sentMs: BASE_MS + i * 1_000, upMs: 40, downMs: 0, aheadMs: 100 })
    }
    expect(sync.serverTimeMs(BASE_MS)).toBeCloseTo(BASE_MS + 100, 2)
    exchange(sync, { sentMs: BASE_MS + 8_000, upMs: 40, downMs: 0, aheadMs: 100 })
    expect(sync.serverTimeMs(BASE_MS)).toBeCloseTo(BASE_MS + 120, 2)
  })

  it('follows at once when a clock was set, because the samples from before cannot be true any more', () => {
    const sync = new ClockSync()
    exchange(sync, { sentMs: BASE_MS, upMs: 1, downMs: 1, aheadMs: 0 })
    exchange(sync, { sentMs: BASE_MS + 1_000, upMs: 50, downMs: 50, aheadMs: 60_000 })
    expect(sync.serverTimeMs(BASE_MS)).toBeCloseTo(BASE_MS + 60_000, 2)
  })

  it('takes the start of the session as a first estimate, which any heartbeat improves', () => {
    const sync = new ClockSync()
    sync.addSessionStart(BASE_MS, (BASE_MS + 50 + 3_000) * 1000, BASE_MS + 100)
    expect(sync.latencyMs).toBeCloseTo(100, 3)
    expect(sync.serverTimeMs(BASE_MS)).toBeCloseTo(BASE_MS + 3_000, 2)
    exchange(sync, { sentMs: BASE_MS + 200, upMs: 10, downMs: 10, aheadMs: 2_990 })
    expect(sync.latencyMs).toBeCloseTo(20, 3)
    expect(sync.serverTimeMs(BASE_MS)).toBeCloseTo(BASE_MS + 2_990, 2)
  })

  it('learns no round trip from a heartbeat that echoes nothing, comes from the future, or was held too long', () => {
    const sync = new ClockSync()
    const silent = { isReplyWanted: true, sentUs: BASE_MS * 1000, echoUs: 0, holdUs: 0 }
    expect(sync.addHeartbeat(silent, BASE_MS)).toBe(false)
    const impossible = { ...silent, echoUs: (BASE_MS + 5_000) * 1000 }
    expect(sync.addHeartbeat(impossible, BASE_MS)).toBe(false)
    const tooLong = { ...silent, echoUs: 1, holdUs: 0xffff_ffff }
    expect(sync.addHeartbeat(tooLong, BASE_MS)).toBe(false)
    expect(sync.latencyMs).toBe(0)
  })

  it('keeps the server’s time over a reset until the next session tells a better one', () => {
    const sync = new ClockSync()
    exchange(sync, { sentMs: BASE_MS, upMs: 5, downMs: 5, aheadMs: 500 })
    sync.reset()
    expect(sync.latencyMs).toBe(0)
    expect(sync.serverTimeMs(BASE_MS)).toBeCloseTo(BASE_MS + 500, 2)
  })
})
