import { describe, expect, it } from 'vitest'
import { addressPrefix } from './address-prefix.ts'
import { Admission } from './admission.ts'
import { DEFAULT_ENDPOINT_LIMITS, resolveEndpointLimits } from './endpoint-limits.ts'
import { TokenBucket } from './token-bucket.ts'

describe('a token bucket', () => {
  it('gives its burst at once and its rate over time', () => {
    const bucket = new TokenBucket(100, 10, 0)
    const takeAll = (nowMs: number) => {
      let taken = 0
      while (bucket.take(nowMs)) taken += 1
      return taken
    }
    expect(takeAll(0)).toBe(10)
    expect(takeAll(50)).toBe(5)
    expect(takeAll(55)).toBe(0)
    expect(takeAll(60)).toBe(1)
    expect(takeAll(100_000)).toBe(10)
  })

  it('does not mind a clock that stands still or goes back', () => {
    const bucket = new TokenBucket(1000, 1, 100)
    expect(bucket.take(100)).toBe(true)
    expect(bucket.take(0)).toBe(false)
    expect(bucket.take(101)).toBe(true)
  })

  it('does not limit at rate 0', () => {
    const bucket = new TokenBucket(0, 0, 0)
    for (let count = 0; count < 1000; count += 1) expect(bucket.take(0)).toBe(true)
  })
})

describe('the prefix of an address', () => {
  it('is /24 of IPv4, mapped or not', () => {
    expect(addressPrefix('203.0.113.7')).toBe('203.0.113')
    expect(addressPrefix('::ffff:203.0.113.7')).toBe('203.0.113')
  })

  it('is /56 of IPv6, however it is written', () => {
    expect(addressPrefix('2001:db8:1:aa01::7')).toBe(addressPrefix('2001:db8:1:aaff:1:2:3:4'))
    expect(addressPrefix('2001:db8:1:aa01::7')).not.toBe(addressPrefix('2001:db8:1:ab01::7'))
    expect(addressPrefix('2001:db8::1')).toBe(addressPrefix('2001:db8:0:0:ffff::'))
    expect(addressPrefix('::1')).toBe('0:0:0:0')
    expect(addressPrefix('fe80::1%eth0')).toBe(addressPrefix('fe80::2'))
  })
})

describe('admission', () => {
  it('limits HELLO, CONNECT and resets by their own budgets', () => {
    const admission = new Admission(
      resolveEndpointLimits({ hellosPerSecond: 100, connectsPerSecond: 50, resetsPerSecond: 5 }),
      0,
    )
    const count = (take: () => boolean) => Array.from({ length: 1000 }, take).filter(Boolean).length
    expect(count(() => admission.takeHello(0))).toBe(10)
    expect(count(() => admission.takeConnect(0))).toBe(5)
    expect(count(() => admission.takeReset(0))).toBe(5)
    expect(count(() => admission.takeReset(1000))).toBe(5)
  })

  it('sends no reset at all when their rate is 0', () => {
    expect(new Admission(resolveEndpointLimits({ resetsPerSecond: 0 }), 0).takeReset(0)).toBe(false)
  })

  it('limits one neighbourhood without harm to another, and remembers a bounded number', () => {
    const limits = { connectsPerSecondPerPrefix: 10, connectBurstPerPrefix: 3, maxPrefixes: 2 }
    const admission = new Admission(resolveEndpointLimits(limits), 0)
    const take = (ip: string) => admission.takeFromPrefix(ip, 0)
    expect([take('10.0.0.1'), take('10.0.0.2'), take('10.0.0.3'), take('10.0.0.4')]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(take('10.0.1.1')).toBe(true)
    expect(take('10.0.0.5')).toBe(false)
    // A third prefix pushes out the one that was used least recently, which was 10.0.1.
    expect(take('10.0.2.1')).toBe(true)
    expect(take('10.0.0.6')).toBe(false)
  })

  it('counts the connections of an address', () => {
    const admission = new Admission(resolveEndpointLimits({ maxConnectionsPerAddress: 2 }), 0)
    admission.addConnection('10.0.0.1')
    expect(admission.hasRoomFor('10.0.0.1')).toBe(true)
    admission.addConnection('10.0.0.1')
    expect(admission.hasRoomFor('10.0.0.1')).toBe(false)
    expect(admission.hasRoomFor('10.0.0.2')).toBe(true)
    admission.removeConnection('10.0.0.1')
    expect(admission.hasRoomFor('10.0.0.1')).toBe(true)
  })
})

describe('endpoint limits', () => {
  it('take the defaults where nothing is given', () => {
    expect(resolveEndpointLimits()).toEqual(DEFAULT_ENDPOINT_LIMITS)
    expect(resolveEndpointLimits({ maxHalfOpen: 7 }).maxHalfOpen).toBe(7)
  })

  it('refuse what makes no sense', () => {
    expect(() => resolveEndpointLimits({ maxHalfOpen: -1 })).toThrow(RangeError)
    expect(() => resolveEndpointLimits({ maxPrefixes: Number.NaN })).toThrow(RangeError)
    expect(() => resolveEndpointLimits({ maxConnections: 2 ** 24 + 1 })).toThrow(RangeError)
  })
})
