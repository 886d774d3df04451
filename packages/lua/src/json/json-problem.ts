/** Bounds on JSON texts, in both directions. */
export interface LuaJsonLimits {
  /** Arrays and objects within each other. */
  readonly maxDepth: number
  /** Bytes of the text. */
  readonly maxBytes: number
}

export const DEFAULT_JSON_LIMITS: LuaJsonLimits = { maxDepth: 32, maxBytes: 1024 * 1024 }

/** Why a text is not JSON or a value has no JSON form. Becomes a Lua error at the script's position. */
export class JsonProblem extends Error {}
