import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AEAD_TAG_BYTES, type CryptoProvider } from './crypto-provider.ts'
import { hkdfExpand, hkdfExtract } from './hkdf.ts'
import { createNodeProvider } from './node-provider.ts'
import { createSodiumProvider } from './sodium-provider.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
const toHex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

const sodium = createSodiumProvider()
const node = createNodeProvider()
const providers: [string, CryptoProvider][] = [['node:crypto', node]]
if (sodium !== undefined) providers.push(['sodium-native', sodium])

it('finds sodium-native where it is installed, so that both providers are tested', () => {
  expect(sodium?.name).toBe('sodium-native')
})

describe.each(providers)('%s', (_name, crypto) => {
  // RFC 8439 §2.8.2
  const key = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f')
  const nonce = hex('070000004041424344454647')
  const associated = hex('50515253c0c1c2c3c4c5c6c7')
  const plaintext = ascii(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  )
  const ciphertext = `
    d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
    3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
    92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
    3ff4def08e4b7a9de576d26586cec64b6116`
  const tag = '1ae10b594f09e26a7e902ecbd0600691'

  it('seals the example of RFC 8439 §2.8.2 in place', () => {
    const buffer = new Uint8Array(5 + associated.length + plaintext.length + AEAD_TAG_BYTES + 3)
    buffer.set(associated, 5)
    buffer.set(plaintext, 5 + associated.length)
    crypto.createAead(key).seal(nonce, buffer, 5, associated.length, plaintext.length)
    const body = buffer.subarray(5 + associated.length, buffer.length - 3)
    expect(toHex(body)).toBe(toHex(hex(ciphertext)) + tag)
    expect(toHex(buffer.subarray(0, 5 + associated.length))).toBe(`0000000000${toHex(associated)}`)
    expect(toHex(buffer.subarray(buffer.length - 3))).toBe('000000')
  })

  it('opens the example of RFC 8439 §2.8.2 in place, and refuses any flipped bit', () => {
    const aead = crypto.createAead(key)
    const sealed = hex(`${toHex(associated)}${ciphertext}${tag}`)
    const length = sealed.length - associated.length
    for (let bit = 0; bit < sealed.length * 8; bit += 97) {
      const forged = Uint8Array.from(sealed)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(aead.open(nonce, forged, 0, associated.length, length)).toBe(false)
    }
    expect(aead.open(nonce, sealed, 0, associated.length, length)).toBe(true)
    const opened = sealed.subarray(associated.length, sealed.length - AEAD_TAG_BYTES)
    expect(toHex(opened)).toBe(toHex(plaintext))
  })

  it('refuses a ciphertext shorter than its tag', () => {
    expect(crypto.createAead(key).open(nonce, new Uint8Array(20), 0, 5, 15)).toBe(false)
  })

  it('seals and opens an empty plaintext', () => {
    const aead = crypto.createAead(key)
    const buffer = new Uint8Array(4 + AEAD_TAG_BYTES)
    aead.seal(nonce, buffer, 0, 4, 0)
    expect(aead.open(nonce, buffer, 0, 4, AEAD_TAG_BYTES)).toBe(true)
  })

  it('uses the key as it is at each call', () => {
    const changing = new Uint8Array(key.length)
    const aead = crypto.createAead(changing)
    changing.set(key)
    const sealed = hex(`${toHex(associated)}${ciphertext}${tag}`)
    expect(aead.open(nonce, sealed, 0, associated.length, sealed.length - associated.length)).toBe(true)
  })

  it('refuses a key of the wrong length', () => {
    expect(() => crypto.createAead(new Uint8Array(31))).toThrow(RangeError)
  })

  it('multiplies as RFC 7748 §5.2 says', () => {
    const shared = crypto.x25519(
      hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'),
      hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c'),
    )
    expect(toHex(shared)).toBe('c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552')
  })

  it('agrees on the secret of RFC 7748 §6.1', () => {
    const alicePrivate = hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')
    const alicePublic = hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
    const bobPrivate = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')
    const bobPublic = hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
    const secret = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'
    expect(toHex(crypto.x25519PublicKey(alicePrivate))).toBe(toHex(alicePublic))
    expect(toHex(crypto.x25519PublicKey(bobPrivate))).toBe(toHex(bobPublic))
    expect(toHex(crypto.x25519(alicePrivate, bobPublic))).toBe(secret)
    expect(toHex(crypto.x25519(bobPrivate, alicePublic))).toBe(secret)
  })

  it('iterates as RFC 7748 §5.2 says', () => {
    const iterate = (steps: number) => {
      let k: Uint8Array = new Uint8Array(32)
      k[0] = 9
      let u = k
      for (let step = 0; step < steps; step += 1) {
        const next = crypto.x25519(k, u) ?? new Uint8Array(0)
        u = k
        k = next
      }
      return toHex(k)
    }
    expect(iterate(1)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079')
    // A thousand steps take node:crypto more than a second; its arithmetic is compared with sodium's below.
    if (crypto.name === 'sodium-native') {
      expect(iterate(1000)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51')
    }
  })

  it('makes no secret with a public key of low order', () => {
    const privateKey = new Uint8Array(32).fill(7)
    const lowOrder = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ]
    for (const point of lowOrder) expect(crypto.x25519(privateKey, hex(point))).toBeUndefined()
  })

  it('computes the HMAC of RFC 4231 §4.3', () => {
    expect(toHex(crypto.hmacSha256(ascii('Jefe'), ascii('what do ya want for nothing?')))).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })

  it('computes the SHA-256 of FIPS 180 "abc"', () => {
    expect(toHex(crypto.sha256(ascii('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('derives the keys of RFC 5869 test case 1', () => {
    const salt = hex('000102030405060708090a0b0c')
    const pseudoRandomKey = hkdfExtract(crypto, salt, new Uint8Array(22).fill(0x0b))
    expect(toHex(pseudoRandomKey)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5')
    expect(toHex(hkdfExpand(crypto, pseudoRandomKey, hex('f0f1f2f3f4f5f6f7f8f9'), 42))).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    )
  })

  it('derives the keys of RFC 5869 test case 3, without salt and info', () => {
    const pseudoRandomKey = hkdfExtract(crypto, new Uint8Array(0), new Uint8Array(22).fill(0x0b))
    expect(toHex(hkdfExpand(crypto, pseudoRandomKey, new Uint8Array(0), 42))).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    )
  })

  it('refuses to expand beyond 255 blocks', () => {
    expect(() => hkdfExpand(crypto, new Uint8Array(32), new Uint8Array(0), 8161)).toThrow(RangeError)
  })

  it('fills with bytes that differ from call to call', () => {
    const first = new Uint8Array(32)
    const second = new Uint8Array(32)
    crypto.random.fill(first)
    crypto.random.fill(second)
    expect(toHex(first)).not.toBe(toHex(second))
    expect(first.some((byte) => byte !== 0)).toBe(true)
  })
})

describe.runIf(sodium !== undefined)('both providers', () => {
  const other = sodium ?? node

  it('produce identical bytes for any key, nonce, associated data and plaintext, at any offset', () => {
    const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength })
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        bytes(0, 40),
        bytes(0, 1300),
        fc.nat(64),
        (key, nonce, associated, plain, offset) => {
          const buffer = new Uint8Array(offset + associated.length + plain.length + AEAD_TAG_BYTES)
          buffer.set(associated, offset)
          buffer.set(plain, offset + associated.length)
          const copy = Uint8Array.from(buffer)
          node.createAead(key).seal(nonce, buffer, offset, associated.length, plain.length)
          other.createAead(key).seal(nonce, copy, offset, associated.length, plain.length)
          expect(toHex(copy)).toBe(toHex(buffer))
          const sealedLength = plain.length + AEAD_TAG_BYTES
          expect(node.createAead(key).open(nonce, copy, offset, associated.length, sealedLength)).toBe(true)
          expect(other.createAead(key).open(nonce, buffer, offset, associated.length, sealedLength)).toBe(
            true,
          )
          const body = offset + associated.length
          expect(toHex(copy.subarray(body, body + plain.length))).toBe(toHex(plain))
          expect(toHex(buffer.subarray(body, body + plain.length))).toBe(toHex(plain))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('agree on public keys and shared secrets', () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(key, key, (mine, theirs) => {
        const theirPublic = node.x25519PublicKey(theirs)
        expect(toHex(other.x25519PublicKey(theirs))).toBe(toHex(theirPublic))
        expect(toHex(other.x25519(mine, theirPublic))).toBe(toHex(node.x25519(mine, theirPublic)))
      }),
      { numRuns: 30 },
    )
  })
})
