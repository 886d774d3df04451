import {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  type Aead,
  type CryptoProvider,
  SHA256_BYTES,
} from './crypto-provider.ts'
import { hkdfExpandLabel } from './hkdf.ts'

/** One generation of one direction's packet keys (`docs/transport.md`, key schedule). */
export interface TrafficKeys {
  readonly aead: Aead
  readonly iv: Uint8Array
  /** The secret the next generation is derived from. */
  readonly secret: Uint8Array
}

/** key = Expand(secret, "krp2 key"), iv = Expand(secret, "krp2 iv"). */
export function deriveTrafficKeys(crypto: CryptoProvider, secret: Uint8Array): TrafficKeys {
  return {
    aead: crypto.createAead(hkdfExpandLabel(crypto, secret, 'krp2 key', AEAD_KEY_BYTES)),
    iv: hkdfExpandLabel(crypto, secret, 'krp2 iv', AEAD_NONCE_BYTES),
    secret,
  }
}

/** secret' = Expand(secret, "krp2 ku"): the generation after this one. */
export function nextTrafficKeys(crypto: CryptoProvider, keys: TrafficKeys): TrafficKeys {
  return deriveTrafficKeys(crypto, hkdfExpandLabel(crypto, keys.secret, 'krp2 ku', SHA256_BYTES))
}

/** Writes IV XOR packet number (64 bit, little-endian, over the last eight bytes) into `nonce`. */
export function writeNonce(nonce: Uint8Array, iv: Uint8Array, packetNumber: number): void {
  nonce.set(iv)
  let low = packetNumber >>> 0
  let high = Math.floor(packetNumber / 2 ** 32)
  for (let index = 0; index < 4; index += 1) {
    nonce[4 + index] = (nonce[4 + index] ?? 0) ^ (low & 0xff)
    nonce[8 + index] = (nonce[8 + index] ?? 0) ^ (high & 0xff)
    low >>>= 8
    high >>>= 8
  }
}
