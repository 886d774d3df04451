import type { Random } from '../core/random.ts'
import type { SecureRandom } from './crypto-provider.ts'

const POOL_BYTES = 1024

/** Numbers out of a source of bytes, drawn in blocks since a draw is a call into native code. */
export function randomOf(source: SecureRandom): Random {
  const pool = new Uint8Array(POOL_BYTES)
  const words = new Uint32Array(pool.buffer)
  let index = words.length
  return {
    fill: (bytes) => source.fill(bytes),
    next() {
      if (index === words.length) {
        source.fill(pool)
        index = 0
      }
      const word = words[index] ?? 0
      index += 1
      return word / 2 ** 32
    },
  }
}
