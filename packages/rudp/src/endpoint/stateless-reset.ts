import type { CryptoProvider, SecureRandom } from '../crypto/crypto-provider.ts'
import { equalBytes } from '../crypto/constant-time.ts'
import { RESET_TOKEN_BYTES } from '../handshake/accept-packet.ts'

/** The longest reset; long enough to look like any small packet. */
const MAX_RESET_BYTES = 42
/** The shortest: a first byte, some that look like ciphertext, and the token. */
const MIN_RESET_BYTES = 1 + 4 + RESET_TOKEN_BYTES

/** resetToken = HMAC-SHA256/128(resetKey, connection id): a server that forgot everything can still make it. */
export function resetToken(
  crypto: CryptoProvider,
  resetKey: Uint8Array,
  connectionId: Uint8Array,
): Uint8Array {
  return crypto.hmacSha256(resetKey, connectionId).subarray(0, RESET_TOKEN_BYTES)
}

/**
 * Writes a stateless reset: a short header's first byte, random bytes, the token. It is shorter than the datagram
 * that provoked it, so two servers that mistake each other for clients fall silent.
 * @returns its length, 0 when the trigger is too short for an answer
 */
export function writeReset(
  out: Uint8Array,
  token: Uint8Array,
  triggerLength: number,
  random: SecureRandom,
): number {
  const length = Math.min(triggerLength - 1, MAX_RESET_BYTES)
  if (length < MIN_RESET_BYTES) return 0
  const packet = out.subarray(0, length)
  random.fill(packet)
  // Fixed bit, two-byte packet number, random key phase: what a server's packet looks like.
  packet[0] = 0x42 | ((packet[0] ?? 0) & 0x20)
  packet.set(token, length - RESET_TOKEN_BYTES)
  return length
}

/** Whether a datagram is the reset of the connection this token belongs to. */
export function isReset(buffer: Uint8Array, offset: number, length: number, token: Uint8Array): boolean {
  if (length < MIN_RESET_BYTES) return false
  return equalBytes(buffer, offset + length - RESET_TOKEN_BYTES, token, 0, RESET_TOKEN_BYTES)
}
