import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ipBytes, ipText } from './ip-bytes.ts'
import { packAddress, unpackAddress } from './packed-address.ts'

it('packs any IPv4 and IPv6 address so that it comes back in its shortest form', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65535), (ip, port) => {
      const packed = packAddress({ ip, port })
      const unpacked = unpackAddress(packed, 0)
      expect(unpacked?.end).toBe(packed.length)
      expect(unpacked?.address.port).toBe(port)
      expect(ipBytes(unpacked?.address.ip ?? '')).toEqual(ipBytes(ip))
    }),
  )
})

it('writes addresses as the system does', () => {
  for (const ip of ['127.0.0.1', '::1', '::', '2001:db8::1', 'fe80::1:0:0:2'])
    expect(ipText(ipBytes(ip))).toBe(ip)
  expect([...ipBytes('2001:db8::ff00:42:8329')]).toEqual([
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x42, 0x83, 0x29,
  ])
})

it('refuses names, scopes and half addresses', () => {
  for (const ip of ['localhost', '', '1.2.3', 'fe80::1%eth0', '1.2.3.4:5']) {
    expect(() => packAddress({ ip, port: 1 })).toThrow(RangeError)
  }
  expect(unpackAddress(Uint8Array.of(5, 1, 2, 3, 4, 0, 0), 0)).toBeUndefined()
  expect(unpackAddress(Uint8Array.of(4, 1, 2, 3, 4, 0), 0)).toBeUndefined()
})
