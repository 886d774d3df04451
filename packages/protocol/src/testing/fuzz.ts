import { KaosError } from '../errors.ts'
import { concat, fromHex, toHex } from './bytes.ts'
import { SeededRandom } from './random.ts'

/** Headers that promise much, and a nest: what an attacker puts where a length is read. */
const hostile = [
  'dcffff',
  'ddffffffff',
  'deffff',
  'dfffffffff',
  'd9ff',
  'daffff',
  'dbffffffff',
  'c4ff',
  'c6ffffffff',
  'c1',
  'd6',
  'ffff',
  '0000',
  '91'.repeat(40),
  '81a161'.repeat(40),
].map(fromHex)

/** Each input is made of valid ones, damaged once to three times, or is random altogether. */
export function damaged(random: SeededRandom, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.below(8) === 0) return random.bytes(random.below(random.below(100) + 1))
  let bytes = random.pick(corpus)
  for (let times = random.below(3); times >= 0; times--) bytes = damage(random, bytes, corpus)
  return bytes
}

function damage(random: SeededRandom, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1)
  switch (random.below(6)) {
    case 0: // a flipped bit
      return replaced(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)))
    case 1: // another byte, such as a length or a type that lies
      return replaced(bytes, at, random.below(256))
    case 2: // truncation
      return bytes.subarray(0, at)
    case 3: // a splice of two
      return concat(bytes.subarray(0, at), tail(random, random.pick(corpus)))
    case 4: // something hostile in the middle
      return concat(bytes.subarray(0, at), random.pick(hostile), bytes.subarray(at))
    default: // a part twice
      return concat(bytes.subarray(0, at), tail(random, bytes))
  }
}

function replaced(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  if (at < copy.length) copy[at] = value
  return copy
}

function tail(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  return bytes.subarray(random.below(bytes.length + 1))
}

export interface FuzzRun {
  readonly seed: number
  readonly inputs: number
  readonly corpus: readonly Uint8Array[]
  /** Names of the errors that may be thrown. */
  readonly refusals: readonly string[]
  /** Feeds one input to the decoder; may check what it returned. */
  readonly decode: (input: Uint8Array) => void
}

/**
 * Feeds damaged inputs to a decoder. Returns how many were taken and how many refused.
 *
 * @throws Error when the decoder throws anything but the refusals it documents; its message holds seed and input.
 */
export function fuzz({ seed, inputs, corpus, refusals, decode }: FuzzRun): {
  taken: number
  refused: number
} {
  const random = new SeededRandom(seed)
  let refused = 0
  for (let index = 0; index < inputs; index++) {
    const input = damaged(random, corpus)
    try {
      decode(input)
    } catch (error) {
      if (!(error instanceof KaosError && refusals.includes(error.error))) {
        throw new Error(`seed ${seed}, input ${index}, hex ${toHex(input)}: ${String(error)}`, {
          cause: error,
        })
      }
      refused++
    }
  }
  return { taken: inputs - refused, refused }
}

/**
 * The least number of bytes that a decoded value takes on the wire. When it is never more than was received, a decoder
 * cannot have allocated out of proportion.
 */
export function wireWeight(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length
  if (value instanceof Uint8Array) return 2 + value.length
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + wireWeight(item), 1)
  if (typeof value !== 'object' || value === null) return 1
  let weight = 1
  for (const [key, entry] of Object.entries(value)) weight += 1 + key.length + wireWeight(entry)
  return weight
}
