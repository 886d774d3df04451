import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ClientAddress, isAddressRange } from './client-address.ts'

function request(remoteAddress: string | undefined, forwardedFor?: string): IncomingMessage {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

describe('the address of a client', () => {
  it('is the other end of the connection when no proxy is trusted, whatever the header says', () => {
    const addresses = new ClientAddress([])
    expect(addresses.of(request('192.0.2.1', '198.51.100.1'))).toBe('192.0.2.1')
    expect(addresses.of(request('127.0.0.1', '198.51.100.1'))).toBe('127.0.0.1')
    expect(addresses.of(request(undefined, '198.51.100.1'))).toBe('unknown')
  })

  it('is the other end of the connection when that is none of the trusted proxies', () => {
    const addresses = new ClientAddress(['10.0.0.0/8', '2001:db8::/32'])
    expect(addresses.of(request('192.0.2.1', '198.51.100.1'))).toBe('192.0.2.1')
    expect(addresses.of(request('2001:db9::1', '198.51.100.1'))).toBe('2001:db9::1')
  })

  it.each([
    ['10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['2001:db8::7', '2001:db9::1', '2001:db9::1'],
    ['192.0.2.7', '  198.51.100.1 ', '198.51.100.1'],
    ['10.1.2.3', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['10.1.2.3', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    ['10.1.2.3', '203.0.113.9, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['10.1.2.3', '10.7.7.7, 10.9.9.9', '10.7.7.7'],
  ])('is, behind the trusted proxy %s with %j, %s', (proxy, header, expected) => {
    const addresses = new ClientAddress(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
    expect(addresses.of(request(proxy, header))).toBe(expected)
  })

  it.each([
    ['nothing', undefined, '10.1.2.3'],
    ['an empty header', '', '10.1.2.3'],
    ['no address', 'unknown', '10.1.2.3'],
    ['a name', '198.51.100.1, evil.example', '10.1.2.3'],
    ['an address with a port', '198.51.100.1:80', '10.1.2.3'],
    ['nonsense left of a proxy', '<script>, 10.9.9.9', '10.9.9.9'],
    ['a number that some take for an address', '3325256705', '10.1.2.3'],
  ])('is that of the last proxy that can be believed when it says %s', (_name, header, expected) => {
    expect(new ClientAddress(['10.0.0.0/8']).of(request('10.1.2.3', header))).toBe(expected)
  })
})

describe('a trusted proxy', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', '2001:db8::/32', '2001:db8::1/128'])(
    'may be %s',
    (text) => {
      expect(isAddressRange(text)).toBe(true)
      expect(() => new ClientAddress([text])).not.toThrow()
    },
  )

  it.each([
    '',
    'localhost',
    '10.0.0',
    '10',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0.0/-1',
    '::ffff:10.0.0.1',
    'fe80::1%eth0',
  ])('may not be %j', (text) => {
    expect(isAddressRange(text)).toBe(false)
  })
})
