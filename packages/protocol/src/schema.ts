import { KaosError } from './errors.ts'
import { encodeMessagePack } from './messagepack.ts'

/**
 * A field type of a control payload: how it reads in `docs/protocol.md`, and a check that throws INVALID_PAYLOAD
 * naming the field. Small on purpose: it also runs in the browser bundle.
 */
export interface FieldType<T> {
  readonly label: string
  readonly isOptional?: boolean
  check(value: unknown, path: string): T
}

export type Infer<S> = S extends FieldType<infer T> ? T : never

type OptionalKeys<F> = { [K in keyof F]: F[K] extends { isOptional: true } ? K : never }[keyof F]

/** Optional fields may be given as undefined: the encoder leaves them out. */
export type InferFields<F> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]>
} & {
  readonly [K in OptionalKeys<F>]?: Infer<F[K]> | undefined
}

type Fields = Readonly<Record<string, FieldType<unknown>>>

function mismatch(path: string, expected: string, value: unknown): never {
  throw new KaosError('INVALID_PAYLOAD', `${path}: expected ${expected}, got ${describe(value)}`)
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'nil'
  if (Array.isArray(value)) return `array of ${value.length}`
  if (value instanceof Uint8Array) return `bin of ${value.length} bytes`
  if (typeof value === 'object') return 'map'
  if (typeof value === 'string') return `str of ${value.length} characters`
  return `${typeof value} ${String(value)}`
}

const textEncoder = new TextEncoder()

/** Length of a string in UTF-8. */
export function utf8Bytes(value: string): number {
  return textEncoder.encode(value).length
}

export function uint(max: number, min = 0): FieldType<number> {
  const label = `uint ${min}–${max}`
  return {
    label,
    check(value, path) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
        mismatch(path, label, value)
      }
      return value
    },
  }
}

export function float(): FieldType<number> {
  return {
    label: 'float or int',
    check(value, path) {
      if (typeof value !== 'number' || !Number.isFinite(value)) mismatch(path, 'a finite number', value)
      return value
    },
  }
}

export function bool(): FieldType<boolean> {
  return {
    label: 'bool',
    check(value, path) {
      if (typeof value !== 'boolean') mismatch(path, 'bool', value)
      return value
    },
  }
}

export function str(maxBytes: number, minBytes = 0): FieldType<string> {
  const range =
    minBytes === maxBytes ? `${maxBytes}` : minBytes === 0 ? `≤ ${maxBytes}` : `${minBytes}–${maxBytes}`
  const label = `str ${range} B`
  return {
    label,
    check(value, path) {
      if (typeof value !== 'string') mismatch(path, label, value)
      // A UTF-16 unit takes at most 3 bytes, and most strings are far below their bound.
      const isShort = value.length * 3 <= maxBytes && value.length >= minBytes
      if (!isShort) {
        const size = utf8Bytes(value)
        if (size > maxBytes || size < minBytes) mismatch(path, label, value)
      }
      return value
    },
  }
}

export function bin(maxBytes: number): FieldType<Uint8Array> {
  const label = `bin ≤ ${maxBytes} B`
  return {
    label,
    check(value, path) {
      if (!(value instanceof Uint8Array) || value.length > maxBytes) mismatch(path, label, value)
      return value
    },
  }
}

/** Any value that MessagePack can carry. */
export function any(): FieldType<unknown> {
  return { label: 'any', check: (value) => value }
}

/** A map with free keys. `maxBytes` bounds its shortest MessagePack encoding; without it the frame does. */
export function dict(maxBytes?: number): FieldType<Record<string, unknown>> {
  const label = maxBytes === undefined ? 'map' : `map ≤ ${maxBytes} B`
  return {
    label,
    check(value, path) {
      if (!isMap(value)) mismatch(path, label, value)
      if (maxBytes !== undefined) {
        const sizeBytes = encodeMessagePack(value).length
        if (sizeBytes > maxBytes) {
          throw new KaosError('INVALID_PAYLOAD', `${path}: expected ${label}, got ${sizeBytes} B`)
        }
      }
      return value
    },
  }
}

/** A string, or a finite number. */
export function strOrNumber(maxBytes: number): FieldType<string | number> {
  const text = str(maxBytes)
  const label = `${text.label} or a number`
  return {
    label,
    check(value, path) {
      if (typeof value === 'string') return text.check(value, path)
      if (typeof value !== 'number' || !Number.isFinite(value)) mismatch(path, label, value)
      return value
    },
  }
}

/** A map with free keys, and values of one type. */
export function mapOf<T>(
  maxEntries: number,
  maxKeyBytes: number,
  valueType: FieldType<T>,
): FieldType<Readonly<Record<string, T>>> {
  const keyType = str(maxKeyBytes, 1)
  const label = `map of ≤ ${maxEntries}: ${keyType.label} → ${valueType.label}`
  return {
    label,
    check(value, path) {
      if (!isMap(value)) mismatch(path, label, value)
      const entries = Object.entries(value)
      if (entries.length > maxEntries) mismatch(path, `at most ${maxEntries} entries`, value)
      const result: Record<string, T> = {}
      for (const [key, entry] of entries) {
        keyType.check(key, `${path} key`)
        result[key] = valueType.check(entry, `${path}.${key}`)
      }
      return result
    },
  }
}

export function list<T>(of: FieldType<T>, max: number): FieldType<readonly T[]> {
  const label = `array of ≤ ${max}: ${of.label}`
  return {
    label,
    check(value, path) {
      if (!Array.isArray(value) || value.length > max) mismatch(path, label, value)
      return value.map((item, index) => of.check(item, `${path}[${index}]`))
    },
  }
}

export function oneOf<const T extends string>(...values: readonly T[]): FieldType<T> {
  const label = values.map((value) => `"${value}"`).join(' | ')
  return {
    label,
    check(value, path) {
      if (!values.includes(value as T)) mismatch(path, label, value)
      return value as T
    },
  }
}

export function optional<T>(type: FieldType<T>): FieldType<T> & { readonly isOptional: true } {
  return { label: type.label, isOptional: true, check: (value, path) => type.check(value, path) }
}

/** A map with known fields. Fields this version does not know are ignored, so that later versions can add some. */
export function record<F extends Fields>(
  name: string,
  fields: F,
): FieldType<InferFields<F>> & { readonly name: string; readonly fields: F } {
  return {
    name,
    fields,
    label: name,
    check(value, path) {
      if (!isMap(value)) mismatch(path, 'map', value)
      const result: Record<string, unknown> = {}
      for (const key in fields) {
        const type = fields[key] as FieldType<unknown>
        const given = Object.hasOwn(value, key) ? value[key] : undefined
        if (given === undefined && type.isOptional === true) continue
        result[key] = type.check(given, path === '' ? key : `${path}.${key}`)
      }
      return result as InferFields<F>
    },
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}
