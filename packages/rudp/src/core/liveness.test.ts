import { describe, expect, it } from 'vitest'
import { Liveness } from './liveness.ts'

describe('liveness', () => {
  it('asks for a PING after 2 s of a client’s silence and 5 s of a server’s', () => {
    const client = new Liveness('client', {}, 0)
    expect(client.takeKeepalive(1999)).toBe(false)
    expect(client.takeKeepalive(2000)).toBe(true)
    expect(client.takeKeepalive(2001)).toBe(false)
    client.onSent(3000)
    expect(client.takeKeepalive(4999)).toBe(false)
    expect(new Liveness('server', {}, 0).takeKeepalive(4999)).toBe(false)
    expect(new Liveness('server', {}, 0).takeKeepalive(5000)).toBe(true)
  })

  it('tells of a silence of 3 s once, and of one of 15 s as the end', () => {
    const liveness = new Liveness('server', {}, 0)
    expect(liveness.onTimeout(2999)).toBe('alive')
    expect(liveness.onTimeout(3000)).toBe('unstable')
    expect(liveness.onTimeout(4000)).toBe('alive')
    liveness.onReceived(5000)
    expect(liveness.onTimeout(8000)).toBe('unstable')
    expect(liveness.onTimeout(19_999)).toBe('alive')
    expect(liveness.onTimeout(20_000)).toBe('timed-out')
  })

  it('has its next deadline always ahead of what it has already said', () => {
    const liveness = new Liveness('server', { keepaliveMs: 100_000 }, 0)
    expect(liveness.deadlineMs).toBe(3000)
    liveness.onTimeout(3000)
    expect(liveness.deadlineMs).toBe(15_000)
  })

  it.each([4999, 120_001, Number.NaN])('refuses an idle timeout of %d ms', (idleTimeoutMs) => {
    expect(() => new Liveness('server', { idleTimeoutMs }, 0)).toThrow(RangeError)
  })
})
