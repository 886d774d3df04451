/** Compares bytes in time that depends on their number only. Ranges outside the buffers compare as unequal. */
export function equalBytes(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
  length: number,
): boolean {
  if (leftOffset < 0 || leftOffset + length > left.length) return false
  if (rightOffset < 0 || rightOffset + length > right.length) return false
  let difference = 0
  for (let index = 0; index < length; index += 1) {
    difference |= (left[leftOffset + index] ?? 0) ^ (right[rightOffset + index] ?? 0)
  }
  return difference === 0
}
