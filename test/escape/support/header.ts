import { type ErrorName, ErrorTable } from '@kaosnet/protocol'

/** Where an attack runs. `entry`: while the entry script is loaded; `load`: while a match module is. */
export const places = [
  'entry',
  'load',
  'match_init',
  'match_join_attempt',
  'match_join',
  'match_leave',
  'match_loop',
  'match_signal',
  'match_terminate',
  'rpc',
  'before_hook',
] as const

export type Place = (typeof places)[number]

/**
 * What must come of an attack: it is stopped by a budget, fails with an error of its own, changes nothing, or its room
 * ends as if it had wished so. An error of the table stands for exactly that.
 */
export type Verdict = 'budget' | 'error' | 'survives' | 'ends' | ErrorName

export interface Expectation {
  readonly verdict: Verdict
  /** What the message, or the report of an attack that survives, must look like. */
  readonly text: RegExp | undefined
  /** Where rooms run in threads of their own it depends on who is faster: nothing may come of the attack, too. */
  readonly orSurvives: boolean
}

export interface Header {
  readonly what: string
  readonly where: readonly Place[]
  /** By place; every place has one. */
  readonly outcomes: ReadonlyMap<Place, Expectation>
  /** The attack's result is returned from the callback itself, not reported. */
  readonly isReturned: boolean
  /** The attack needs a server that nothing else uses: it harms its own Lua state for good. */
  readonly hasOwnServer: boolean
}

const FIELD = /^-- (what|where|outcome|result|server)(?:\(([a-z_, ]+)\))?: (.+)$/
const CONTINUED = /^-- {3,}(.+)$/
const OUTCOME = /^(\w+)( or survives)?(?: \/(.+)\/)?$/

/**
 * Reads the comment that a file of the corpus begins with.
 * @throws {Error} that says what is wrong with it
 */
export function parseHeader(source: string): Header {
  const fields = readFields(source)
  const take = (name: string): string | undefined =>
    fields.find((field) => field.name === name && !field.of)?.value
  const what = take('what')
  if (what === undefined) throw new Error('the header has no "what"')
  const where = placesIn(take('where') ?? '')
  const outcomes = new Map<Place, Expectation>()
  for (const { name, of, value } of fields) {
    if (name !== 'outcome') {
      if (of !== undefined) throw new Error(`only outcomes are for certain places, not "${name}"`)
      continue
    }
    for (const place of of === undefined ? where : placesIn(of)) {
      if (!where.includes(place)) throw new Error(`an outcome for ${place}, where the attack does not run`)
      outcomes.set(place, parseOutcome(value))
    }
  }
  for (const place of where) if (!outcomes.has(place)) throw new Error(`no outcome for ${place}`)
  return {
    what,
    where,
    outcomes,
    isReturned: choice('result', take('result'), ['reported', 'returned']) === 'returned',
    hasOwnServer: choice('server', take('server'), ['shared', 'own']) === 'own',
  }
}

interface Field {
  readonly name: string
  readonly of: string | undefined
  value: string
}

function readFields(source: string): Field[] {
  const fields: Field[] = []
  for (const line of source.split('\n')) {
    if (!line.startsWith('--')) break
    const [, name, of, value] = FIELD.exec(line) ?? []
    const more = CONTINUED.exec(line)?.[1]
    const last = fields.at(-1)
    if (name !== undefined && value !== undefined) fields.push({ name, of, value: value.trim() })
    else if (more !== undefined && last !== undefined) last.value += ` ${more.trim()}`
    else throw new Error(`not a line of a header: ${line}`)
  }
  return fields
}

function placesIn(list: string): Place[] {
  return list.split(',').map((text) => {
    const place = places.find((candidate) => candidate === text.trim())
    if (place === undefined) throw new Error(`"${text.trim()}" is no place; places are ${places.join(', ')}`)
    return place
  })
}

function parseOutcome(value: string): Expectation {
  const [, verdict = '', or, pattern] = OUTCOME.exec(value) ?? []
  if (!isVerdict(verdict))
    throw new Error(`"${value}" is no outcome: budget, error, survives, ends or an error's name`)
  return {
    verdict,
    text: pattern === undefined ? undefined : new RegExp(pattern),
    orSurvives: or !== undefined,
  }
}

function isVerdict(text: string): text is Verdict {
  return ['budget', 'error', 'survives', 'ends'].includes(text) || Object.hasOwn(ErrorTable, text)
}

function choice(name: string, value: string | undefined, choices: readonly [string, string]): string {
  if (value === undefined) return choices[0]
  if (choices.includes(value)) return value
  throw new Error(`"${name}" is ${choices.join(' or ')}, got "${value}"`)
}
