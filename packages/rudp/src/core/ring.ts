type NumberArray = Float64Array | Uint32Array

const FIRST_CAPACITY = 4

/**
 * A ring of twice the size with the same records. Rings are typed arrays of records of `stride` numbers, so that
 * a record lies in one or two lines of the processor's cache; the number of records is a power of two, or 0. Record
 * `index`, counted from the start of time, begins at `(index & (records - 1)) * stride`.
 *
 * @param first index of the oldest record
 * @param next index after the newest record
 */
export function grownRing<T extends NumberArray>(ring: T, stride: number, first: number, next: number): T {
  const oldMask = ring.length / stride - 1
  const newMask = Math.max(FIRST_CAPACITY, 2 * (oldMask + 1)) - 1
  const grown = new (ring.constructor as new (length: number) => T)((newMask + 1) * stride)
  for (let index = first; index < next; index++) {
    const from = (index & oldMask) * stride
    const to = (index & newMask) * stride
    for (let field = 0; field < stride; field++) grown[to + field] = ring[from + field]!
  }
  return grown
}
