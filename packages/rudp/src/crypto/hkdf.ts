import { type CryptoProvider, SHA256_BYTES } from './crypto-provider.ts'

const MAX_BLOCKS = 255

/** HKDF-Extract over SHA-256 (RFC 5869 §2.2). */
export function hkdfExtract(crypto: CryptoProvider, salt: Uint8Array, keyMaterial: Uint8Array): Uint8Array {
  return crypto.hmacSha256(salt.length === 0 ? new Uint8Array(SHA256_BYTES) : salt, keyMaterial)
}

/**
 * HKDF-Expand over SHA-256 (RFC 5869 §2.3).
 * @throws RangeError when more than 255 blocks (8160 bytes) are asked for
 */
export function hkdfExpand(
  crypto: CryptoProvider,
  pseudoRandomKey: Uint8Array,
  info: Uint8Array,
  lengthBytes: number,
): Uint8Array {
  const blocks = Math.ceil(lengthBytes / SHA256_BYTES)
  if (blocks > MAX_BLOCKS) throw new RangeError(`HKDF cannot expand to ${lengthBytes} bytes`)
  const output = new Uint8Array(blocks * SHA256_BYTES)
  let previous = new Uint8Array(0)
  for (let block = 1; block <= blocks; block += 1) {
    const input = new Uint8Array(previous.length + info.length + 1)
    input.set(previous)
    input.set(info, previous.length)
    input[input.length - 1] = block
    previous = Uint8Array.from(crypto.hmacSha256(pseudoRandomKey, input))
    output.set(previous, (block - 1) * SHA256_BYTES)
  }
  return output.subarray(0, lengthBytes)
}

const textEncoder = new TextEncoder()

/** {@link hkdfExpand} with a label of plain ASCII, as the key schedule writes them. */
export function hkdfExpandLabel(
  crypto: CryptoProvider,
  secret: Uint8Array,
  label: string,
  lengthBytes: number,
): Uint8Array {
  return hkdfExpand(crypto, secret, textEncoder.encode(label), lengthBytes)
}
