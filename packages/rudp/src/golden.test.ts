import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildVectors } from '../test-vectors/build-vectors.ts'
import * as spec from '../test-vectors/spec-reader.ts'
import { createNodeProvider } from './crypto/node-provider.ts'
import { createSodiumProvider } from './crypto/sodium-provider.ts'
import { parseConnectToken } from './handshake/connect-token-text.ts'
import { ipBytes } from './handshake/ip-bytes.ts'

const FILE = new URL('../test-vectors/krp2.golden.json', import.meta.url)
const node = createNodeProvider()

// `UPDATE_GOLDEN=1 npx vitest run packages/rudp/src/golden.test.ts` writes the file anew. A change in it is a change of
// the protocol, and wants a new version.
if (process.env.UPDATE_GOLDEN === '1') {
  writeFileSync(FILE, `${JSON.stringify(buildVectors(node), null, 1)}\n`)
}
const golden = JSON.parse(readFileSync(FILE, 'utf8')) as ReturnType<typeof buildVectors>
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')
const { inputs, handshake, connectToken, packets } = golden

describe('the implementation', () => {
  it.each([node, createSodiumProvider() ?? node])('makes the golden bytes with $name', (crypto) => {
    expect(JSON.parse(JSON.stringify(buildVectors(crypto)))).toEqual(golden)
  })
})

describe('a reader made from the specification alone', () => {
  it('finds the shared header in every long packet', () => {
    const { hello, cookie, pinned, token, deny, versions } = handshake
    const all: [string, number][] = [
      [hello.used, 0xc0],
      [cookie, 0xc1],
      [pinned.connect, 0xc2],
      [token.connect, 0xc2],
      [pinned.accept, 0xc3],
      [token.accept, 0xc3],
      [deny.packet, 0xc4],
      [versions.packet, 0xc5],
    ]
    for (const [packet, type] of all) {
      const header = { type, magic: 'KRP2', version: 1, clientNonce: inputs.clientNonce }
      expect(spec.readLongHeader(bytes(packet))).toEqual(header)
    }
  })

  it('reads HELLO, COOKIE, DENY and VERSIONS', () => {
    const hello = bytes(handshake.hello.used)
    expect(hello.toString('hex', 15, 23)).toBe(inputs.protocolId)
    expect(hello.readUInt32LE(23)).toBe(inputs.clientTimeMs)
    const cookie = bytes(handshake.cookie)
    expect(cookie.readUInt32LE(15)).toBe(inputs.clientTimeMs)
    expect(cookie.toString('hex', 19)).toBe(handshake.addressToken)
    const deny = bytes(handshake.deny.packet)
    expect([deny.readUInt16LE(15), deny.readUInt32LE(17), deny.length]).toEqual([
      handshake.deny.code,
      handshake.deny.retryAfterMs,
      21,
    ])
    const versions = bytes(handshake.versions.packet)
    expect(versions[15]).toBe(2)
    expect([versions.readUInt16LE(16), versions.readUInt16LE(18)]).toEqual(handshake.versions.versions)
  })

  it('opens the connect token with the master key', () => {
    const sealed = bytes(connectToken.sealed)
    const master = bytes(inputs.tokenMasterKey)
    expect(sealed[0]).toBe(1)
    expect(sealed[1]).toBe(spec.expand(master, 'krp2 token key id', 1)[0])
    const salt = sealed.subarray(2, 26)
    const key = spec.expand(master, Buffer.concat([Buffer.from('krp2 token'), salt]), 32)
    const associated = Buffer.concat([sealed.subarray(0, 26), bytes(inputs.protocolId)])
    const plain = spec.open(key, Buffer.alloc(12), associated, sealed.subarray(26))
    const { sealed: _sealed, text: _text, addresses, ...fields } = connectToken
    expect(spec.readTokenBody(plain)).toEqual({
      ...fields,
      addresses: addresses.map(({ ip, ...rest }) => ({
        ...rest,
        ip: ip.includes(':') ? Buffer.from(ipBytes(ip)).toString('hex') : ip,
      })),
      end: plain.length,
    })
  })

  it('finds the sealed token and its secret in the text that a login answers with', () => {
    const text = Buffer.from(connectToken.text, 'base64url')
    expect(text[0]).toBe(1)
    expect(text.toString('hex', 1, 9)).toBe(inputs.protocolId)
    expect(Number(text.readBigUInt64LE(9))).toBe(connectToken.expiresAtMs)
    expect(text.toString('hex', 17, 49)).toBe(connectToken.clientSecret)
    expect(text[49]).toBe(2)
    expect(text.toString('hex', 50 + 7 + 19)).toBe(connectToken.sealed)
    expect(parseConnectToken(connectToken.text)?.addresses).toHaveLength(2)
  })

  it.each(['pinned', 'token'] as const)('shakes hands with a %s key', (kind) => {
    const vector = handshake[kind]
    const connect = spec.readConnect(bytes(vector.connect))
    const serverPublic = bytes(inputs.serverPublicKey)
    const authSecret =
      kind === 'token'
        ? bytes(connectToken.clientSecret)
        : spec.x25519(bytes(inputs.clientEphemeralPrivateKey), serverPublic)
    expect(connect.ephemeral).toBe(inputs.clientEphemeralPublicKey)
    expect(connect.protocolId).toBe(inputs.protocolId)
    expect(connect.addressToken).toBe(handshake.addressToken)
    expect(connect.token.toString('hex')).toBe(kind === 'token' ? connectToken.sealed : '')
    expect(connect.proof).toEqual(spec.proofOf(authSecret, connect.signed))

    const accept = bytes(vector.accept)
    const header = accept.subarray(0, 47)
    const shared = spec.x25519(bytes(inputs.clientEphemeralPrivateKey), header.subarray(15, 47))
    const pinned = kind === 'token' ? Buffer.alloc(32) : serverPublic
    const { hs, c2s, s2c } = spec.secretsOf(bytes(vector.connect), pinned, header, authSecret, shared)
    expect([c2s.toString('hex'), s2c.toString('hex')]).toEqual([
      vector.clientToServerSecret,
      vector.serverToClientSecret,
    ])
    const { key, iv } = spec.trafficKeys(hs)
    const body = spec.open(key, spec.nonceOf(iv, 0), header, accept.subarray(47))
    expect(spec.readAcceptBody(body)).toEqual({ ...handshake.acceptBody, length: 46 })
  })

  it('derives every generation of traffic keys', () => {
    for (const [direction, secret] of [
      ['clientToServer', handshake.pinned.clientToServerSecret],
      ['serverToClient', handshake.pinned.serverToClientSecret],
    ] as const) {
      golden.trafficKeys[direction].forEach((expected, generation) => {
        const keys = spec.trafficKeys(bytes(secret), generation)
        expect(Object.values(keys).map((part) => part.toString('hex'))).toEqual(Object.values(expected))
      })
    }
  })

  it.each(packets.map((vector, index) => ({ index, name: vector.frames[0]?.frame, vector })))(
    'opens packet $index ($name) and finds its frames',
    ({ vector }) => {
      const packet = bytes(vector.packet)
      const header = spec.readShortHeader(packet, vector.from)
      expect(header).toMatchObject({
        isShort: true,
        reserved: 0,
        keyPhase: vector.generation & 1,
        numberBytes: vector.packetNumberBytes,
        connectionId: vector.from === 'client' ? handshake.acceptBody.connectionId : '',
      })
      const number = spec.fullNumber(header.truncated, header.numberBytes, vector.packetNumber + 100)
      expect(number).toBe(vector.packetNumber)
      const plain = vector.isInsecure
        ? packet.subarray(header.length, packet.length - 16)
        : openShort(vector, packet, header.length)
      expect(plain.toString('hex')).toBe(vector.plaintext)
      const frames = spec.readFrames(plain, newestPacketBefore(vector))
      expect(frames).toEqual(vector.frames.map(approximately))
    },
  )

  it('recognises the stateless reset, and makes its token from the server key', () => {
    const { statelessReset } = golden
    const resetKey = spec.expand(bytes(inputs.serverPrivateKey), 'krp2 reset', 32)
    expect(resetKey.toString('hex')).toBe(statelessReset.resetKey)
    const token = spec.hmac(resetKey, bytes(statelessReset.connectionId)).subarray(0, 16)
    expect(token.toString('hex')).toBe(statelessReset.resetToken)
    const packet = bytes(statelessReset.packet)
    expect(packet.subarray(packet.length - 16)).toEqual(token)
    expect(spec.readShortHeader(packet, 'server').isShort).toBe(true)
  })

  it('checks the sum of an insecure packet', () => {
    const packet = bytes(packets.find(({ isInsecure }) => isInsecure)?.packet ?? '')
    let sum = 0x811c9dc5
    for (const byte of packet.subarray(0, packet.length - 16)) sum = Math.imul(sum ^ byte, 0x01000193)
    expect(packet.readUInt32LE(packet.length - 16)).toBe(sum >>> 0)
    expect(packet.subarray(packet.length - 12)).toEqual(Buffer.alloc(12))
  })
})

function openShort(vector: (typeof packets)[number], packet: Buffer, headerLength: number): Buffer {
  const { clientToServerSecret, serverToClientSecret } = handshake.pinned
  const secret = vector.from === 'client' ? clientToServerSecret : serverToClientSecret
  const { key, iv } = spec.trafficKeys(bytes(secret), vector.generation)
  const nonce = spec.nonceOf(iv, vector.packetNumber)
  return spec.open(key, nonce, packet.subarray(0, headerLength), packet.subarray(headerLength))
}

/** What the receiver of an ACK has sent last; the largest acknowledged number is near it. */
function newestPacketBefore({ frames }: (typeof packets)[number]): number {
  return Number(frames[0]?.largest ?? 0) + 3
}

/** Delays travel in units of 64 µs. */
function approximately(frame: Record<string, unknown>): Record<string, unknown> {
  return frame.frame === 'ACK' ? { ...frame, delayMs: expect.closeTo(Number(frame.delayMs), 1) } : frame
}
