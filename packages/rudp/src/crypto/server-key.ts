import { type CryptoProvider, X25519_BYTES } from './crypto-provider.ts'
import { createDefaultProvider } from './default-provider.ts'

/** A server's long-term X25519 key: keep the private half, give the public half to clients. */
export interface ServerKey {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
}

/** Makes a fresh server key. */
export function generateServerKey(crypto: CryptoProvider = createDefaultProvider()): ServerKey {
  const privateKey = new Uint8Array(X25519_BYTES)
  crypto.random.fill(privateKey)
  return { privateKey, publicKey: crypto.x25519PublicKey(privateKey) }
}

/** The public half of a stored private key. @throws RangeError unless it has 32 bytes */
export function serverPublicKey(
  privateKey: Uint8Array,
  crypto: CryptoProvider = createDefaultProvider(),
): Uint8Array {
  if (privateKey.length !== X25519_BYTES) throw new RangeError(`A server key has ${X25519_BYTES} bytes`)
  return crypto.x25519PublicKey(privateKey)
}
