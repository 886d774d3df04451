import { describe, expect, it } from 'vitest'
import { MtuDiscovery } from './mtu.ts'

/** Probes until nothing is due for a while, on a path that carries so much. @returns when the search ended */
function search(mtu: MtuDiscovery, pathBytes: number, startMs: number): number {
  let nowMs = startMs
  while (mtu.deadlineMs <= nowMs + 1000) {
    nowMs = Math.max(nowMs, mtu.deadlineMs)
    const bytes = mtu.probeBytes(nowMs)
    if (bytes === 0) continue
    mtu.onProbeSent(nowMs)
    if (bytes <= pathBytes) mtu.onAcked(bytes, true)
    else mtu.onLost(bytes, true, nowMs)
  }
  return nowMs
}

describe('path MTU discovery', () => {
  it('does nothing unless asked for', () => {
    const mtu = new MtuDiscovery({}, 0)
    expect(mtu.deadlineMs).toBe(Number.POSITIVE_INFINITY)
    expect(mtu.currentBytes).toBe(1200)
  })

  it.each([
    [1250, 1200],
    [1400, 1392],
    [1460, 1452],
    [9000, 1472],
  ])('finds that a path of %i carries %i', (pathBytes, expectedBytes) => {
    const mtu = new MtuDiscovery({ discovery: true }, 0)
    search(mtu, pathBytes, 0)
    expect(mtu.currentBytes).toBe(expectedBytes)
  })

  it('keeps within the configured maximum', () => {
    const mtu = new MtuDiscovery({ discovery: true, maxBytes: 1400 }, 0)
    search(mtu, 9000, 0)
    expect(mtu.currentBytes).toBe(1392)
  })

  it('searches again after ten minutes', () => {
    const mtu = new MtuDiscovery({ discovery: true }, 0)
    const endMs = search(mtu, 1250, 0)
    expect(mtu.deadlineMs).toBe(endMs + 600_000)
    search(mtu, 9000, endMs + 600_000)
    expect(mtu.currentBytes).toBe(1472)
  })

  it('falls back to 1200 after three large losses without a large ACK, and leaves larger sizes alone for a minute', () => {
    const mtu = new MtuDiscovery({ discovery: true }, 0)
    search(mtu, 9000, 0)
    expect(mtu.onLost(1400, false, 50_000)).toBe(false)
    // A smaller large packet proves nothing about a larger one.
    mtu.onAcked(1210, false)
    expect(mtu.onLost(1400, false, 50_010)).toBe(false)
    expect(mtu.onLost(1400, false, 50_020)).toBe(true)
    expect(mtu.currentBytes).toBe(1200)
    expect(mtu.deadlineMs).toBe(110_020)
  })

  it('takes losses among ACKs of packets as large for what they are', () => {
    const mtu = new MtuDiscovery({ discovery: true }, 0)
    search(mtu, 9000, 0)
    for (let packet = 0; packet < 20; packet++) {
      expect(mtu.onLost(1400, false, 50_000)).toBe(false)
      mtu.onAcked(1400, false)
    }
    expect(mtu.currentBytes).toBe(1472)
  })

  it('comes back to a probe that could not be sent', () => {
    const mtu = new MtuDiscovery({ discovery: true }, 0)
    mtu.postpone(500)
    expect(mtu.deadlineMs).toBe(1000)
    expect(mtu.probeBytes(999)).toBe(0)
    expect(mtu.probeBytes(1000)).toBe(1392)
  })
})
