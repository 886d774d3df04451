import {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  type Aead,
  type CryptoProvider,
} from '../crypto/crypto-provider.ts'
import { hkdfExpandLabel } from '../crypto/hkdf.ts'

/** What seals the one ACCEPT of a handshake. */
export interface HandshakeKeys {
  readonly secret: Uint8Array
  readonly aead: Aead
  /** The IV as it is: the packet number is 0. */
  readonly nonce: Uint8Array
}

/** key = Expand(secret, "krp2 key"), iv = Expand(secret, "krp2 iv"): as for packets (`docs/transport.md`, key schedule). */
export function deriveHandshakeKeys(crypto: CryptoProvider, secret: Uint8Array): HandshakeKeys {
  return {
    secret,
    aead: crypto.createAead(hkdfExpandLabel(crypto, secret, 'krp2 key', AEAD_KEY_BYTES)),
    nonce: hkdfExpandLabel(crypto, secret, 'krp2 iv', AEAD_NONCE_BYTES),
  }
}
