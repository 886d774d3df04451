import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import { deriveHandshakeKeys } from './handshake-keys.ts'
import {
  ACCEPT_PACKET_BYTES,
  acceptEphemeral,
  acceptHeader,
  openAccept,
  sealAccept,
} from './accept-packet.ts'
import { readUint64, writeUint64 } from './bytes.ts'
import { MAX_CONNECT_TOKEN_BYTES, parseConnect, writeConnect } from './connect-packet.ts'
import { COOKIE_PACKET_BYTES, parseCookie, writeCookie, writeHello } from './hello-packet.ts'
import { longPacketType, NONCE_OFFSET, PADDED_BYTES, PacketType, packetVersion } from './long-header.ts'
import {
  DenyCode,
  denyReason,
  parseDeny,
  parseVersions,
  writeDeny,
  writeVersions,
} from './refusal-packets.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hello = {
  version: 1,
  nonce: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  protocolId: new Uint8Array(8).fill(9),
  clientTimeMs: 0xdeadbeef,
}

function helloPacket(): Uint8Array {
  const packet = new Uint8Array(PADDED_BYTES)
  writeHello(packet, 0, hello)
  return packet
}

it('a 64-bit number survives up to 2^53', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const buffer = new Uint8Array(10)
      writeUint64(buffer, 1, value)
      expect(readUint64(buffer, 1)).toBe(value)
    }),
  )
})

describe('long headers', () => {
  it('are recognised by type and magic, whatever the version', () => {
    const packet = helloPacket()
    expect(longPacketType(packet, 0, packet.length)).toBe(PacketType.hello)
    packet[5] = 0x77
    expect(longPacketType(packet, 0, packet.length)).toBe(PacketType.hello)
    expect(packetVersion(packet, 0)).toBe(0x77)
  })

  it('are refused with another magic, an unknown type, or when cut short', () => {
    for (let offset = 1; offset <= 4; offset += 1) {
      const packet = helloPacket()
      packet[offset] = 0
      expect(longPacketType(packet, 0, packet.length)).toBe(-1)
    }
    expect(longPacketType(Uint8Array.of(0xc6, ...helloPacket().subarray(1)), 0, PADDED_BYTES)).toBe(-1)
    expect(longPacketType(helloPacket(), 0, 14)).toBe(-1)
  })
})

describe('COOKIE', () => {
  it('repeats nonce and time of the HELLO and is at most 5 % of its size', () => {
    const out = new Uint8Array(64)
    const length = writeCookie(out, 3, 1, helloPacket(), 0, hello.clientTimeMs)
    expect(length).toBe(COOKIE_PACKET_BYTES)
    expect(length).toBeLessThanOrEqual(PADDED_BYTES * 0.05)
    expect(out.subarray(3 + NONCE_OFFSET, 3 + NONCE_OFFSET + 8)).toEqual(hello.nonce)
    expect(parseCookie(out, 3, length)?.clientTimeMs).toBe(hello.clientTimeMs)
    expect(parseCookie(out, 3, length - 1)).toBeUndefined()
    expect(parseCookie(out, 3, length + 1)).toBeUndefined()
  })
})

describe('CONNECT', () => {
  const fields = {
    version: 1,
    nonce: hello.nonce,
    protocolId: hello.protocolId,
    addressToken: new Uint8Array(21).fill(3),
    ephemeral: new Uint8Array(32).fill(4),
  }

  it('gives its fields back, with a token of any length that fits', () => {
    fc.assert(
      fc.property(
        bytes(8),
        bytes(8),
        bytes(21),
        bytes(32),
        fc.nat(MAX_CONNECT_TOKEN_BYTES),
        (nonce, id, cookie, key, size) => {
          const out = new Uint8Array(2 + PADDED_BYTES)
          const token = new Uint8Array(size).fill(5)
          const signedLength = writeConnect(out, 2, {
            version: 1,
            nonce,
            protocolId: id,
            addressToken: cookie,
            ephemeral: key,
            token,
          })
          const connect = parseConnect(out, 2, PADDED_BYTES)
          expect(connect?.protocolId).toEqual(id)
          expect(connect?.addressToken).toEqual(cookie)
          expect(connect?.ephemeral).toEqual(key)
          expect(connect?.token).toEqual(token)
          expect(connect?.signed.length).toBe(signedLength)
          expect(connect?.proof.length).toBe(16)
        },
      ),
    )
  })

  it('refuses a token that is too long, when written and when read', () => {
    const out = new Uint8Array(PADDED_BYTES)
    const token = new Uint8Array(MAX_CONNECT_TOKEN_BYTES + 1)
    expect(() => writeConnect(out, 0, { ...fields, token })).toThrow(RangeError)
    writeConnect(out, 0, { ...fields, token: new Uint8Array(0) })
    out[76] = (MAX_CONNECT_TOKEN_BYTES + 1) & 0xff
    out[77] = (MAX_CONNECT_TOKEN_BYTES + 1) >> 8
    expect(parseConnect(out, 0, out.length)).toBeUndefined()
  })

  it('is nothing below 1200 bytes', () => {
    const out = new Uint8Array(PADDED_BYTES)
    writeConnect(out, 0, { ...fields, token: new Uint8Array(0) })
    expect(parseConnect(out, 0, PADDED_BYTES - 1)).toBeUndefined()
  })
})

describe('ACCEPT', () => {
  const keys = deriveHandshakeKeys(createDefaultProvider(), new Uint8Array(32).fill(1))
  const header = acceptHeader(1, hello.nonce, new Uint8Array(32).fill(6))
  const body = {
    connectionId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    resetToken: new Uint8Array(16).fill(7),
    idleTimeoutMs: 15_000,
    maxDatagramBytes: 1472,
    tickCentiHz: 2997,
    packetsPerSecondIn: 300,
    bytesPerSecondIn: 262_144,
    maxMessageBytes: 262_144,
    maxPartialMessages: 16,
  }

  it('gives its fields back to who has the keys, and leaves the packet as it was', () => {
    const packet = sealAccept(header, body, keys)
    const before = Uint8Array.from(packet)
    expect(packet.length).toBe(ACCEPT_PACKET_BYTES)
    expect(openAccept(packet, keys)).toEqual(body)
    expect(packet).toEqual(before)
    expect(acceptEphemeral(packet)).toEqual(new Uint8Array(32).fill(6))
  })

  it('is refused with other keys, with any byte changed, and when cut short', () => {
    const packet = sealAccept(header, body, keys)
    const other = deriveHandshakeKeys(createDefaultProvider(), new Uint8Array(32).fill(2))
    expect(openAccept(packet, other)).toBeUndefined()
    expect(openAccept(packet.subarray(0, packet.length - 1), keys)).toBeUndefined()
    for (let offset = 0; offset < packet.length; offset += 1) {
      const forged = Uint8Array.from(packet)
      forged[offset] = (forged[offset] ?? 0) ^ 0x10
      expect(openAccept(forged, keys)).toBeUndefined()
    }
  })
})

describe('DENY and VERSIONS', () => {
  it('carry every code and name it', () => {
    for (const [reason, code] of Object.entries(DenyCode)) {
      const out = new Uint8Array(64)
      const length = writeDeny(out, 0, helloPacket(), 0, code, 2500)
      expect(length).toBeLessThanOrEqual(64)
      expect(parseDeny(out, 0, length)).toEqual({ code, retryAfterMs: 2500 })
      expect(denyReason(code)).toBe(reason)
      expect(parseDeny(out, 0, length - 1)).toBeUndefined()
    }
    expect(denyReason(999)).toBeUndefined()
  })

  it('list the versions, at most sixteen', () => {
    const out = new Uint8Array(64)
    const length = writeVersions(out, 0, helloPacket(), 0, [1, 0x8001])
    expect(parseVersions(out, 0, length)).toEqual([1, 0x8001])
    expect(parseVersions(out, 0, length - 1)).toBeUndefined()
    expect(() => writeVersions(out, 0, helloPacket(), 0, new Array(17).fill(1))).toThrow(RangeError)
  })
})

it('no parser throws on any bytes, and none reads past the length it is given', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1400 }), fc.nat(1400), (buffer, cut) => {
      const length = Math.min(cut, buffer.length)
      parseCookie(buffer, 0, length)
      parseConnect(buffer, 0, length)
      parseDeny(buffer, 0, length)
      parseVersions(buffer, 0, length)
      longPacketType(buffer, 0, length)
    }),
    { numRuns: 500 },
  )
})
