type NumberArray = Float64Array | Uint32Array | Uint16Array | Uint8Array

/**
 * A ring of twice the size with the same entries. Rings are typed arrays whose length is a power of two; entry
 * `index`, counted from the start of time, is at `index & (length - 1)`.
 *
 * @param first index of the oldest entry
 * @param next index after the newest entry
 */
export function grownRing<T extends NumberArray>(ring: T, first: number, next: number): T {
  const grown = new (ring.constructor as new (length: number) => T)(2 * ring.length)
  for (let index = first; index < next; index++) {
    grown[index & (grown.length - 1)] = ring[index & (ring.length - 1)]!
  }
  return grown
}
