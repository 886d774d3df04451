import { existsSync, readFileSync } from 'node:fs'
import * as z from 'zod'
import { type ServerConfig, type ServerConfigInput, serverConfig } from './config-schema.ts'

export type { AuthConfig, HostConfig, ServerConfig, ServerConfigInput } from './config-schema.ts'

/** A value that is not what the configuration allows; the text names the field and where it came from. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface ConfigSources {
  /** Set by the program that embeds the server; the weakest. */
  readonly options?: ServerConfigInput
  /** A JSON file; stronger than options. A missing file is an error. */
  readonly file?: string
  /** `KAOSNET_PORT`, `KAOSNET_AUTH_ANONYMOUS`, `KAOSNET_LIMITS_ROOM_INPUT_QUEUE` …; stronger than the file. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** From the command line; the strongest. */
  readonly flags?: ServerConfigInput
}

/**
 * Merges options ← file ← environment ← flags, fills in defaults and checks every field.
 * @throws {ConfigError}
 */
export function resolveConfig(sources: ConfigSources): ServerConfig {
  const { options, file, environment, flags } = sources
  const layers: Layer[] = [{ name: 'the options', values: options }]
  if (file !== undefined) layers.push({ name: file, values: readConfigFile(file) })
  if (environment !== undefined) layers.push(...readEnvironment(environment))
  layers.push({ name: 'the command line', values: flags })
  const parsed = serverConfig.safeParse(layers.reduce<unknown>((base, { values }) => merge(base, values), {}))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `\n  ${describeIssue(issue, layers)}`)
  throw new ConfigError(`invalid configuration:${problems.join('')}`)
}

/** Values from one place, and what to call it. */
interface Layer {
  readonly name: string
  readonly values: unknown
}

/** The field, what is wrong with it, and the strongest layer that sets it: that is where the mistake is. */
function describeIssue(issue: z.core.$ZodIssue, layers: readonly Layer[]): string {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path
  const layer = layers.findLast(({ values }) => valueAt(values, path) !== undefined)
  return `${path.join('.') || 'config'}: ${issue.message}${layer === undefined ? '' : ` (${layer.name})`}`
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    values,
  )
}

/** Every field with its environment variable, default and meaning, for `--help` and the docs. */
export function describeConfig(): ConfigField[] {
  return leavesOf(serverConfig, []).map(({ path, schema }) => {
    const given = schema.safeParse(undefined)
    return {
      path: path.join('.'),
      variable: variableOf(path),
      defaultValue: given.success && given.data !== undefined ? JSON.stringify(given.data) : undefined,
      text: schema.description ?? '',
    }
  })
}

export interface ConfigField {
  /** e.g. `limits.roomInputQueue` */
  readonly path: string
  /** e.g. `KAOSNET_LIMITS_ROOM_INPUT_QUEUE` */
  readonly variable: string
  /** As JSON; undefined when the field is optional and unset. */
  readonly defaultValue: string | undefined
  readonly text: string
}

/** A field that holds a value, not more fields. */
interface Leaf {
  readonly path: readonly string[]
  readonly schema: z.ZodType
}

function leavesOf(schema: z.ZodType, path: readonly string[]): Leaf[] {
  const inner = unwrap(schema)
  if (!(inner instanceof z.ZodObject)) return [{ path, schema }]
  return Object.entries(inner.shape).flatMap(([key, field]) => leavesOf(field as z.ZodType, [...path, key]))
}

function unwrap(schema: z.ZodType): z.ZodType {
  const isWrapped =
    schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
  return isWrapped ? unwrap(schema.unwrap() as z.ZodType) : schema
}

function variableOf(path: readonly string[]): string {
  return `KAOSNET_${path.map((part) => part.replace(/([A-Z])/g, '_$1').toUpperCase()).join('_')}`
}

function readConfigFile(file: string): unknown {
  if (!existsSync(file)) throw new ConfigError(`the configuration file ${file} does not exist`)
  let values: unknown
  try {
    values = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    // What Node quotes of the text may be part of a secret.
    const where = /at position \d+( \(line \d+ column \d+\))?/.exec((cause as Error).message)?.[0]
    throw new ConfigError(
      `the configuration file ${file} is not valid JSON${where === undefined ? '' : `: something is wrong ${where}`}`,
    )
  }
  if (isPlainObject(values)) return values
  throw new ConfigError(`the configuration file ${file} does not hold a JSON object`)
}

/** One layer for each variable that is set. */
function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Layer[] {
  return leavesOf(serverConfig, []).flatMap(({ path, schema }) => {
    const name = variableOf(path)
    const text = environment[name]
    if (text === undefined || text === '') return []
    const value = unwrap(schema) instanceof z.ZodString ? text : parseVariable(text)
    return [{ name, values: path.reduceRight((inner, key) => ({ [key]: inner }), value) }]
  })
}

/** Numbers, booleans, lists and objects are written as in JSON. */
function parseVariable(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function merge(base: unknown, layer: unknown): unknown {
  if (layer === undefined) return base
  if (!isPlainObject(base) || !isPlainObject(layer)) return layer
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(layer)) result[key] = merge(result[key], value)
  return result
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
