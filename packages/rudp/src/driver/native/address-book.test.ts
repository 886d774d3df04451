import { expect, it } from 'vitest'
import { HEADER_WORDS, HeaderWord } from '../../endpoint/datagram-batch.ts'
import { AddressBook } from './address-book.ts'
import type { NativeAddon } from './native-addon.ts'

/** Words and text that stand for one another simply, and how often each was asked for. */
function rig(buckets: number) {
  const asked = { formatted: 0, parsed: 0 }
  const addon = {
    formatAddress(headers: Uint32Array, slot: number) {
      asked.formatted += 1
      return `ip ${headers[slot * HEADER_WORDS + HeaderWord.Address]}`
    },
    parseAddress(ip: string, _port: number, _isIPv6: boolean, headers: Uint32Array) {
      asked.parsed += 1
      if (!ip.startsWith('ip ')) return -1
      headers[HeaderWord.Family] = 4
      headers[HeaderWord.Address] = Number(ip.slice(3))
      return 0
    },
  } as NativeAddon
  return { asked, book: new AddressBook(addon, false, buckets) }
}

function headerOf(address: number): Uint32Array {
  const headers = new Uint32Array(HEADER_WORDS)
  headers.set([3, 4, 4, 0, address])
  return headers
}

it('an address book makes the text of an address once, whatever comes with it', () => {
  const { asked, book } = rig(1_024)
  for (let round = 0; round < 3; round += 1) {
    for (let address = 0; address < 5; address += 1) {
      const headers = headerOf(address)
      headers[HeaderWord.Port] = round
      expect(book.ipOf(headers, 0)).toBe(`ip ${address}`)
    }
  }
  expect(asked.formatted).toBe(5)
})

it('an address book forgets rather than grows, and never takes one address for another', () => {
  const { book } = rig(2)
  for (let address = 0; address < 1_000; address += 1) {
    expect(book.ipOf(headerOf(address), 0)).toBe(`ip ${address}`)
    expect(book.ipOf(headerOf(address % 7), 0)).toBe(`ip ${address % 7}`)
  }
})

it('an address book remembers as many addresses as it has room for, hashes that agree included', () => {
  const { asked, book } = rig(1)
  for (let round = 0; round < 3; round += 1) {
    for (const address of [1, 2, 3, 0xffff_ffff])
      expect(book.ipOf(headerOf(address), 0)).toBe(`ip ${address}`)
  }
  expect(asked.formatted).toBe(4)
})

it('an address book parses an address once, and keeps length and port of the header', () => {
  const { asked, book } = rig(1)
  const headers = new Uint32Array(2 * HEADER_WORDS).fill(9)
  for (const slot of [0, 1]) book.write('ip 77', headers, slot)
  expect([...headers.subarray(HEADER_WORDS)]).toEqual([9, 9, 4, 0, 77, 0, 0, 0])
  expect(asked.parsed).toBe(1)
  for (let address = 0; address < 70_000; address += 1) book.write(`ip ${address}`, headers, 0)
  book.write('ip 4294967295', headers, 0)
  expect(headers[HeaderWord.Address]).toBe(0xffff_ffff)
})

it('an address book makes what is no address one that cannot be sent to', () => {
  const { book } = rig(1)
  const headers = headerOf(5)
  book.write('nowhere', headers, 0)
  expect(headers[HeaderWord.Family]).toBe(0)
})
