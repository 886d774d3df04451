import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import { PROTOCOL_ID_BYTES } from './long-header.ts'

/** The 8 bytes by which client and server know that they speak of the same application: SHA-256 of its name. */
export function protocolIdOf(crypto: CryptoProvider, protocol: string): Uint8Array {
  const digest = crypto.sha256(new TextEncoder().encode(protocol))
  return Uint8Array.from(digest.subarray(0, PROTOCOL_ID_BYTES))
}

/** The application name client and server agree on when none is given. */
export const DEFAULT_PROTOCOL = 'kaosnet'
