import { describe, expect, it } from 'vitest'
import { Liveness } from './liveness.ts'

describe('liveness', () => {
  it('asks for a PING after 2 s of a client’s silence and half the idle timeout of a server’s', () => {
    const client = new Liveness('client', {}, 0)
    expect(client.takeKeepalive(1999)).toBe(false)
    client.onSent(false, 1000)
    expect(client.takeKeepalive(2999)).toBe(false)
    expect(client.takeKeepalive(3000)).toBe(true)
    expect(client.takeKeepalive(3001)).toBe(false)
    expect(new Liveness('server', {}, 0).takeKeepalive(7499)).toBe(false)
    expect(new Liveness('server', {}, 0).takeKeepalive(7500)).toBe(true)
  })

  it.each([
    { options: {}, pings: [2000, 6000, 12_000, 18_000] },
    { options: { idleTimeoutMs: 5000 }, pings: [2000, 4000, 6000, 8000] },
    { options: { keepaliveMs: 1000 }, pings: [1000, 2000, 3000, 4000] },
  ])('PINGs at $pings ms when nothing but answers comes, with $options', ({ options, pings }) => {
    const client = new Liveness('client', options, 0)
    for (const pingMs of pings) {
      expect(client.deadlineMs).toBe(pingMs)
      expect(client.takeKeepalive(pingMs)).toBe(true)
      client.onSent(true, pingMs)
      client.onReceived(pingMs + 50)
    }
  })

  it('PINGs after 2 s again once packets come in quick succession', () => {
    const client = new Liveness('client', {}, 0)
    client.takeKeepalive(2000)
    client.onReceived(2050)
    client.takeKeepalive(6000)
    client.onReceived(6050)
    for (const nowMs of [6900, 7800]) client.onReceived(nowMs)
    expect(client.deadlineMs).toBe(12_000)
    client.onReceived(8700)
    expect(client.deadlineMs).toBe(8000)
  })

  it('tells of a silence of 3 s once, and of one of 15 s as the end', () => {
    const liveness = new Liveness('server', {}, 0)
    liveness.onSent(true, 1000)
    expect(liveness.onTimeout(2999)).toBe('alive')
    expect(liveness.onTimeout(3000)).toBe('unstable')
    expect(liveness.onTimeout(4000)).toBe('alive')
    liveness.onReceived(5000)
    liveness.onSent(true, 6000)
    expect(liveness.onTimeout(8000)).toBe('unstable')
    expect(liveness.onTimeout(19_999)).toBe('alive')
    expect(liveness.onTimeout(20_000)).toBe('timed-out')
  })

  it('takes no silence for unstable in which nobody had to answer, and gives an answer a second', () => {
    const liveness = new Liveness('client', { keepaliveMs: 100_000 }, 0)
    liveness.onSent(false, 4000)
    expect(liveness.onTimeout(5000)).toBe('alive')
    expect(liveness.deadlineMs).toBe(15_000)
    liveness.onSent(true, 6000)
    liveness.onSent(true, 6900)
    expect(liveness.deadlineMs).toBe(7000)
    expect(liveness.onTimeout(6999)).toBe('alive')
    expect(liveness.onTimeout(7000)).toBe('unstable')
  })

  it('has its next deadline always ahead of what it has already said', () => {
    const liveness = new Liveness('server', { keepaliveMs: 100_000 }, 0)
    liveness.onSent(true, 0)
    expect(liveness.deadlineMs).toBe(3000)
    liveness.onTimeout(3000)
    expect(liveness.deadlineMs).toBe(15_000)
  })

  it.each([4999, 120_001, Number.NaN])('refuses an idle timeout of %d ms', (idleTimeoutMs) => {
    expect(() => new Liveness('server', { idleTimeoutMs }, 0)).toThrow(RangeError)
  })
})
