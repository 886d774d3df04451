/**
 * A plain value that can cross between JavaScript and Lua by copy.
 *
 * | JavaScript | Lua |
 * |---|---|
 * | `undefined` | `nil` |
 * | `null` | the null sentinel, a light userdata |
 * | `boolean` | boolean |
 * | `number`, integral and within ±(2^53 − 1) | integer (−0 stays a float) |
 * | `number`, any other | float |
 * | `bigint` | integer, an error outside 64 bits |
 * | `string` | string, as UTF-8 (a lone surrogate becomes U+FFFD) |
 * | `Uint8Array` | string, byte by byte |
 * | array | sequence, marked as an array |
 * | plain object | table; members that are `undefined` are absent |
 *
 * In the other direction a Lua float gives a `number`, an integer outside ±(2^53 − 1) a `bigint`, and a
 * string that is not valid UTF-8 a `Uint8Array`. A table is an array when it is marked as one or is a
 * non-empty sequence, and an object when all its keys are strings; the empty unmarked table is `{}`.
 */
export type LuaValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly LuaValue[]
  | { readonly [key: string]: LuaValue }

/** Bounds on one value that crosses, in either direction. A cycle ends at `maxDepth`. */
export interface LuaValueLimits {
  /** Tables within tables. */
  readonly maxDepth: number
  /** Values in total, tables included. */
  readonly maxNodes: number
  /** Bytes of all strings and keys together. */
  readonly maxBytes: number
}

export const DEFAULT_VALUE_LIMITS: LuaValueLimits = {
  maxDepth: 32,
  maxNodes: 100_000,
  maxBytes: 16 * 1024 * 1024,
}
