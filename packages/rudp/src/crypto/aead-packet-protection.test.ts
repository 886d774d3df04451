import { describe, expect, it } from 'vitest'
import { AeadPacketProtection } from './aead-packet-protection.ts'
import { createDefaultProvider } from './default-provider.ts'
import { createNodeProvider } from './node-provider.ts'
import { PlainPacketProtection } from './plain-packet-protection.ts'

const crypto = createDefaultProvider()
const HEADER = 5

function pair() {
  const up = new Uint8Array(32).fill(1)
  const down = new Uint8Array(32).fill(2)
  return {
    client: new AeadPacketProtection(crypto, up, down),
    server: new AeadPacketProtection(createNodeProvider(), down, up),
  }
}

function packet(text: string): { buffer: Uint8Array; plainLength: number } {
  const plain = new TextEncoder().encode(text)
  const buffer = new Uint8Array(HEADER + plain.length + 16)
  buffer.fill(0x42, 0, HEADER)
  buffer.set(plain, HEADER)
  return { buffer, plainLength: plain.length }
}

function sealed(protection: AeadPacketProtection, generation: number, packetNumber: number, text: string) {
  const { buffer, plainLength } = packet(text)
  const length = protection.seal(generation, packetNumber, buffer, 0, HEADER, plainLength)
  return { buffer, length }
}

function opened(
  protection: AeadPacketProtection,
  generation: number,
  packetNumber: number,
  { buffer, length }: { buffer: Uint8Array; length: number },
): string | undefined {
  const copy = Uint8Array.from(buffer)
  const plainLength = protection.open(generation, packetNumber, copy, 0, HEADER, length)
  return plainLength < 0 ? undefined : new TextDecoder().decode(copy.subarray(HEADER, HEADER + plainLength))
}

describe('packets under AEAD', () => {
  it('open on the other side, in both directions, also far up the packet numbers', () => {
    const { client, server } = pair()
    expect(opened(server, 0, 0, sealed(client, 0, 0, 'up'))).toBe('up')
    expect(opened(client, 0, 2 ** 40 + 7, sealed(server, 0, 2 ** 40 + 7, 'down'))).toBe('down')
  })

  it('do not open in the direction they came from, nor under another packet number', () => {
    const { client, server } = pair()
    const first = sealed(client, 0, 5, 'mine')
    expect(opened(client, 0, 5, first)).toBeUndefined()
    expect(opened(server, 0, 6, first)).toBeUndefined()
    expect(opened(server, 0, 5 + 2 ** 32, first)).toBeUndefined()
    expect(opened(server, 0, 5, first)).toBe('mine')
  })

  it('are never sealed twice under one number, so no nonce is used twice', () => {
    const { client } = pair()
    sealed(client, 0, 3, 'a')
    expect(() => sealed(client, 0, 3, 'b')).toThrow(RangeError)
    expect(() => sealed(client, 0, 2, 'b')).toThrow(RangeError)
    expect(() => sealed(client, 1, 3, 'b')).toThrow(RangeError)
  })

  it('of the next key generation open only under it, and the old one still opens until discarded', () => {
    const { client, server } = pair()
    const old = sealed(client, 0, 0, 'old')
    const late = sealed(client, 0, 1, 'late')
    const next = sealed(client, 1, 2, 'new')
    expect(opened(server, 0, 0, old)).toBe('old')
    expect(opened(server, 0, 2, next)).toBeUndefined()
    expect(opened(server, 1, 2, next)).toBe('new')
    expect(opened(server, 0, 1, late)).toBe('late')
    server.discardBelow(1)
    expect(opened(server, 0, 1, late)).toBeUndefined()
    expect(opened(server, 1, 2, next)).toBe('new')
  })

  it('go through many key generations', () => {
    const { client, server } = pair()
    for (let generation = 0; generation < 50; generation += 1) {
      const text = `generation ${generation}`
      expect(opened(server, generation, generation, sealed(client, generation, generation, text))).toBe(text)
      server.discardBelow(generation)
    }
  })

  it('skip no key generation', () => {
    const { client, server } = pair()
    expect(() => sealed(client, 2, 0, 'x')).toThrow(RangeError)
    expect(opened(server, 2, 0, { buffer: new Uint8Array(64), length: 59 })).toBeUndefined()
  })

  it('leave nothing changed when a forged key phase is tried, and are counted only when authentic', () => {
    const { client, server } = pair()
    const forged = { buffer: new Uint8Array(64).fill(9), length: 59 }
    for (let trial = 0; trial < 100; trial += 1) expect(opened(server, 1, trial, forged)).toBeUndefined()
    expect(server.openedCount).toBe(0)
    expect(opened(server, 0, 0, sealed(client, 0, 0, 'still here'))).toBe('still here')
    expect(server.openedCount).toBe(1)
    expect(opened(server, 1, 1, sealed(client, 1, 1, 'and on'))).toBe('and on')
  })
})

describe('packets in plain text', () => {
  it('open unless a bit was flipped', () => {
    const protection = new PlainPacketProtection()
    const { buffer, plainLength } = packet('readable')
    const length = protection.seal(0, 0, buffer, 0, HEADER, plainLength)
    expect(length).toBe(plainLength + 16)
    expect(protection.open(0, 0, buffer, 0, HEADER, length)).toBe(plainLength)
    for (let bit = 0; bit < buffer.length * 8; bit += 1) {
      const damaged = Uint8Array.from(buffer)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(protection.open(0, 0, damaged, 0, HEADER, length)).toBe(-1)
    }
    expect(protection.open(0, 0, buffer, 0, HEADER, 15)).toBe(-1)
  })
})
