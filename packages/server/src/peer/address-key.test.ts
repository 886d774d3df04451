import { describe, expect, it } from 'vitest'
import { addressKey } from './address-key.ts'

describe('addressKey', () => {
  it('is an IPv4 address itself, however it is written', () => {
    expect(addressKey('192.0.2.1')).toBe('192.0.2.1')
    expect(addressKey('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(addressKey('::ffff:c000:201')).toBe('192.0.2.1')
    expect(addressKey('192.0.2.2')).not.toBe(addressKey('192.0.2.1'))
  })

  it('is the same for all of an IPv6 /64, and another for the next', () => {
    const key = addressKey('2001:db8:1:2::1')
    for (const same of ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:0DB8:1:2:0:0:0:9']) {
      expect(addressKey(same)).toBe(key)
    }
    expect(addressKey('2001:db8:1:3::1')).not.toBe(key)
    expect(addressKey('fe80::1%eth0')).toBe(addressKey('fe80::2'))
  })

  it('is whatever else a transport says', () => {
    expect(addressKey('unknown')).toBe('unknown')
    expect(addressKey('')).toBe('')
  })
})
