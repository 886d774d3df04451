import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import { SeededRandom } from '../testing/index.ts'
import { MAX_CONNECT_TOKEN_BYTES } from './connect-packet.ts'
import { ConnectTokenIssuer, ConnectTokenOpener, type TokenKeys } from './connect-token.ts'
import { decodeTokenBody } from './connect-token-body.ts'
import {
  MAX_TOKEN_ADDRESSES,
  MAX_TOKEN_LIFE_MS,
  MAX_USER_DATA_BYTES,
  MAX_USER_ID_BYTES,
} from './connect-token-fields.ts'
import { formatConnectToken, parseConnectToken } from './connect-token-text.ts'
import { protocolIdOf } from './protocol-id.ts'

const crypto = createDefaultProvider()
const NOW_MS = 1_800_000_000_000
const keyA = new Uint8Array(32).fill(1)
const keyB = new Uint8Array(32).fill(2)
const keyC = new Uint8Array(32).fill(3)
const address = { ip: '198.51.100.4', port: 7350, worker: 0 }

function createIssuer(keys: TokenKeys = [keyA], protocol = 'game') {
  return new ConnectTokenIssuer({
    crypto,
    keys,
    protocol,
    wallClock: () => NOW_MS,
    random: new SeededRandom(5),
  })
}

function createOpener(keys: TokenKeys = [keyA], protocol = 'game') {
  return new ConnectTokenOpener(crypto, keys, protocolIdOf(crypto, protocol))
}

describe('a connect token', () => {
  it('tells the server everything its issuer put in, and the client the secret', () => {
    const addressArbitrary = fc.record({
      ip: fc.ipV4(),
      port: fc.nat(65535),
      worker: fc.nat(255),
    })
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        fc.uint8Array({ maxLength: MAX_USER_DATA_BYTES }),
        fc.array(addressArbitrary, { minLength: 1, maxLength: MAX_TOKEN_ADDRESSES }),
        fc.integer({ min: 1, max: MAX_TOKEN_LIFE_MS }),
        fc.nat(0xffffffff),
        (userId, userData, addresses, lifeMs, rate) => {
          fc.pre(new TextEncoder().encode(userId).length <= MAX_USER_ID_BYTES)
          const limits = { packetsPerSecondIn: rate, bytesPerSecondIn: 7 }
          const token = createIssuer().issue({ userId, userData, addresses, lifeMs, limits })
          const verdict = createOpener().open(token.sealed, NOW_MS)
          expect(verdict).toEqual({
            kind: 'opened',
            token: {
              id: expect.any(String),
              body: {
                issuedAtMs: NOW_MS,
                expiresAtMs: NOW_MS + lifeMs,
                clientSecret: token.clientSecret,
                userId,
                userData,
                addresses,
                limits,
              },
            },
          })
        },
      ),
    )
  })

  it('fits into CONNECT when every field is as long as it may be', () => {
    const token = createIssuer().issue({
      userId: 'u'.repeat(MAX_USER_ID_BYTES),
      userData: new Uint8Array(MAX_USER_DATA_BYTES),
      addresses: new Array(MAX_TOKEN_ADDRESSES).fill({ ip: '2001:db8::1', port: 1, worker: 0 }),
    })
    expect(token.sealed.length).toBeLessThanOrEqual(MAX_CONNECT_TOKEN_BYTES)
  })

  it('expires, and is not valid long before it was issued', () => {
    const { sealed } = createIssuer().issue({ userId: 'u', addresses: [address], lifeMs: 1000 })
    const opener = createOpener()
    expect(opener.open(sealed, NOW_MS + 999).kind).toBe('opened')
    expect(opener.open(sealed, NOW_MS + 1000)).toEqual({ kind: 'refused', reason: 'token-expired' })
    expect(opener.open(sealed, NOW_MS - 4_000).kind).toBe('opened')
    expect(opener.open(sealed, NOW_MS - 6_000)).toEqual({ kind: 'refused', reason: 'token-expired' })
  })

  it('is refused with any bit changed, cut short, or for another protocol or key', () => {
    const { sealed } = createIssuer().issue({ userId: 'u', addresses: [address] })
    const refusal = { kind: 'refused', reason: 'token-invalid' }
    for (let bit = 0; bit < sealed.length * 8; bit += 5) {
      const forged = Uint8Array.from(sealed)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(createOpener().open(forged, NOW_MS)).toEqual(refusal)
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(createOpener().open(sealed.subarray(0, length), NOW_MS)).toEqual(refusal)
    }
    expect(createOpener([keyA], 'other').open(sealed, NOW_MS)).toEqual(refusal)
    expect(createOpener([keyB]).open(sealed, NOW_MS)).toEqual(refusal)
  })

  it('survives one rotation of the master key', () => {
    const { sealed } = createIssuer([keyA]).issue({ userId: 'u', addresses: [address] })
    expect(createOpener([keyB, keyA]).open(sealed, NOW_MS).kind).toBe('opened')
    expect(createOpener([keyC, keyB]).open(sealed, NOW_MS).kind).toBe('refused')
    const renewed = createIssuer([keyB, keyA]).issue({ userId: 'u', addresses: [address] })
    expect(createOpener([keyB]).open(renewed.sealed, NOW_MS).kind).toBe('opened')
  })

  it('is different each time, with another secret and another id', () => {
    const issuer = createIssuer()
    const ids = new Set<string>()
    const secrets = new Set<string>()
    for (let count = 0; count < 100; count += 1) {
      const token = issuer.issue({ userId: 'u', addresses: [address] })
      const verdict = createOpener().open(token.sealed, NOW_MS)
      if (verdict.kind === 'opened') ids.add(verdict.token.id)
      secrets.add(Buffer.from(token.clientSecret).toString('hex'))
    }
    expect(ids.size).toBe(100)
    expect(secrets.size).toBe(100)
  })

  it('is not issued with fields that are too long or addresses that are none', () => {
    const issuer = createIssuer()
    const addresses = [address]
    expect(() => issuer.issue({ userId: 'ü'.repeat(65), addresses })).toThrow(RangeError)
    expect(() => issuer.issue({ userId: 'u', addresses, userData: new Uint8Array(513) })).toThrow(RangeError)
    expect(() => issuer.issue({ userId: 'u', addresses: [] })).toThrow(RangeError)
    expect(() => issuer.issue({ userId: 'u', addresses: new Array(9).fill(address) })).toThrow(RangeError)
    expect(() => issuer.issue({ userId: 'u', addresses, lifeMs: 60_001 })).toThrow(RangeError)
    expect(() => issuer.issue({ userId: 'u', addresses, lifeMs: 0 })).toThrow(RangeError)
    expect(() => issuer.issue({ userId: 'u', addresses: [{ ...address, ip: 'game.example' }] })).toThrow(
      RangeError,
    )
    expect(() => createIssuer([new Uint8Array(31)])).toThrow(RangeError)
  })

  it('becomes text for a JSON answer and comes back', () => {
    const token = createIssuer().issue({
      userId: 'u',
      addresses: [address, { ip: '2001:db8::1', port: 7350, worker: 0 }],
    })
    expect(parseConnectToken(formatConnectToken(token))).toEqual(token)
  })
})

it('no text and no plain body makes a parser throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), fc.uint8Array({ maxLength: 400 }), (text, plain) => {
      parseConnectToken(text)
      parseConnectToken(Buffer.from([1, ...plain]).toString('base64url'))
      decodeTokenBody(plain)
    }),
    { numRuns: 500 },
  )
})
