import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, type CryptoProvider, SHA256_BYTES } from './crypto-provider.ts'
import { hkdfExpandLabel } from './hkdf.ts'

/**
 * One generation of one direction's packet keys (`docs/transport.md`, key schedule): `key 32 | iv 12 | secret 32` in one
 * array, since a server has them of thousands of connections. The secret is what the next generation is derived from.
 */
export type PacketKeys = Uint8Array

const IV_OFFSET = AEAD_KEY_BYTES
const SECRET_OFFSET = IV_OFFSET + AEAD_NONCE_BYTES
const PACKET_KEYS_BYTES = SECRET_OFFSET + SHA256_BYTES

/** key = Expand(secret, "krp2 key"), iv = Expand(secret, "krp2 iv"). */
export function derivePacketKeys(crypto: CryptoProvider, secret: Uint8Array): PacketKeys {
  const keys = new Uint8Array(PACKET_KEYS_BYTES)
  keys.set(hkdfExpandLabel(crypto, secret, 'krp2 key', AEAD_KEY_BYTES))
  keys.set(hkdfExpandLabel(crypto, secret, 'krp2 iv', AEAD_NONCE_BYTES), IV_OFFSET)
  keys.set(secret, SECRET_OFFSET)
  return keys
}

/** secret' = Expand(secret, "krp2 ku"): the generation after this one. */
export function nextPacketKeys(crypto: CryptoProvider, keys: PacketKeys): PacketKeys {
  return derivePacketKeys(crypto, hkdfExpandLabel(crypto, secretOf(keys), 'krp2 ku', SHA256_BYTES))
}

export function secretOf(keys: PacketKeys): Uint8Array {
  return keys.subarray(SECRET_OFFSET)
}

export function copyKey(keys: PacketKeys, key: Uint8Array): void {
  for (let index = 0; index < AEAD_KEY_BYTES; index += 1) key[index] = keys[index] as number
}

/** Writes IV XOR packet number (64 bit, little-endian, over the last eight bytes) into `nonce`. */
export function writeNonce(nonce: Uint8Array, keys: PacketKeys, packetNumber: number): void {
  let low = packetNumber >>> 0
  let high = Math.floor(packetNumber / 2 ** 32)
  for (let index = 0; index < 4; index += 1) {
    nonce[index] = keys[IV_OFFSET + index] as number
    nonce[4 + index] = (keys[IV_OFFSET + 4 + index] as number) ^ (low & 0xff)
    nonce[8 + index] = (keys[IV_OFFSET + 8 + index] as number) ^ (high & 0xff)
    low >>>= 8
    high >>>= 8
  }
}
