import { describe, expect, it } from 'vitest'
import { ConnectionRate } from './connection-rate.ts'

function countAdmitted(rate: ConnectionRate, address: string, nowMs: number): number {
  return Array.from({ length: 100 }, () => rate.admits(address, nowMs)).filter(Boolean).length
}

describe('ConnectionRate', () => {
  it('admits two seconds’ worth at once, then its rate', () => {
    const rate = new ConnectionRate({ perSecond: 5 })
    expect(countAdmitted(rate, '192.0.2.1', 0)).toBe(10)
    expect(countAdmitted(rate, '192.0.2.1', 1_000)).toBe(5)
  })

  it('counts each address for itself, and an IPv6 /64 as one', () => {
    const rate = new ConnectionRate({ perSecond: 5 })
    expect(countAdmitted(rate, '192.0.2.1', 0)).toBe(10)
    expect(countAdmitted(rate, '192.0.2.2', 0)).toBe(10)
    expect(countAdmitted(rate, '2001:db8::1', 0)).toBe(10)
    expect(countAdmitted(rate, '2001:db8::2', 0)).toBe(0)
  })

  it('forgets addresses that may do again what they might at first', () => {
    const rate = new ConnectionRate({ perSecond: 5 })
    for (let host = 0; host < 200; host++) rate.admits(`192.0.2.${host}`, 0)
    expect(rate.size).toBe(200)
    rate.admits('198.51.100.1', 199)
    expect(rate.size).toBe(201)
    rate.admits('198.51.100.2', 200)
    expect(rate.size).toBe(2)
  })

  it('keeps no more addresses than it may, and of those the ones that connected last', () => {
    const rate = new ConnectionRate({ perSecond: 1, addressesKept: 3 })
    for (const host of [1, 2, 3]) expect(countAdmitted(rate, `192.0.2.${host}`, host)).toBe(2)
    expect(rate.admits('192.0.2.1', 3)).toBe(false)
    expect(countAdmitted(rate, '192.0.2.4', 4)).toBe(2)
    expect(rate.size).toBe(3)
    expect([1, 3, 4].map((host) => rate.admits(`192.0.2.${host}`, 5))).toEqual([false, false, false])
    expect(rate.admits('192.0.2.2', 5)).toBe(true)
  })

  it('admits everybody, and remembers nobody, when it is 0', () => {
    const rate = new ConnectionRate({ perSecond: 0 })
    expect(countAdmitted(rate, '192.0.2.1', 0)).toBe(100)
    expect(rate.size).toBe(0)
  })
})
