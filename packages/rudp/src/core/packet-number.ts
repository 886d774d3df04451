/** Packet numbers, of which only the low 2 to 4 bytes travel (RFC 9000 §17.1, appendix A). */

/** A connection closes itself when it comes to this number; only CLOSE is sent with larger ones. */
export const PACKET_NUMBER_LIMIT = 2 ** 48

/**
 * Bytes needed so that the receiver, which may have seen nothing since `largestAcked` (-1 = nothing at all),
 * expands the number rightly (RFC 9000 §A.2).
 */
export function packetNumberBytes(packetNumber: number, largestAcked: number): number {
  const distance = packetNumber - largestAcked
  if (distance < 1 << 15) return 2
  return distance < 1 << 23 ? 3 : 4
}

/** The number next to `largest + 1` that ends in `truncated` (RFC 9000 §A.3). `largest` is -1 at first. */
export function expandPacketNumber(truncated: number, bytes: number, largest: number): number {
  return nearestCongruent(truncated, 2 ** (8 * bytes), largest + 1)
}

/** The number congruent to `truncated` modulo `modulus` that is closest to `expected`, and not negative. */
export function nearestCongruent(truncated: number, modulus: number, expected: number): number {
  const candidate = expected - (expected % modulus) + truncated
  if (candidate <= expected - modulus / 2) return candidate + modulus
  if (candidate > expected + modulus / 2 && candidate >= modulus) return candidate - modulus
  return candidate
}
