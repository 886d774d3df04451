const UINT32 = 2 ** 32
const GOLDEN_UINT32 = 0x9e37_79b9

/**
 * Numbers uniform in [0, 1), 32 bits each; the same seed gives the same ones. (xoshiro128**, its state filled from the
 * seed by splitmix32.) Not for secrets.
 */
export function seededRandom(seed: number): () => number {
  let counter = seed >>> 0
  const split = (): number => {
    counter = (counter + GOLDEN_UINT32) >>> 0
    let mixed = counter
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  let a = split()
  let b = split()
  let c = split()
  let d = split()
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return result / UINT32
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
