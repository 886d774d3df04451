import { parseArgs } from 'node:util'
import { LINK_KINDS, type LinkKind } from '../load/links/link.ts'
import { LANGUAGES, type Language } from '../rooms/measure/cell.ts'

export interface SuiteOptions {
  /** Names of benchmarks, in the order in which they run. */
  readonly only: readonly string[]
  /** Short and small, to see whether it runs: its figures say nothing. */
  readonly isQuick: boolean
  /** Results as JSON. */
  readonly out: string
  /** Measured time of each cell; undefined = the benchmark's own. */
  readonly seconds: number | undefined
  /** Rooms of each cell of `arena` and `idle`; undefined = the benchmark's own sizes. */
  readonly rooms: readonly number[] | undefined
  /** Sessions of each cell of `targets` and `idle`; undefined = the benchmark's own sizes. */
  readonly sessions: readonly number[] | undefined
  /** Members of each room of `targets`, 1 to 10; undefined = 10. */
  readonly members: readonly number[] | undefined
  /** `rooms.workers` of each cell of `arena`. */
  readonly workers: readonly number[]
  readonly languages: readonly Language[]
  readonly links: readonly LinkKind[]
  /** How often each cell of `arena` is measured; the one with the least CPU a message counts. */
  readonly repeat: number
  /** Folder for a CPU profile of each thread of server and generator, which makes figures worse; undefined = none. */
  readonly profile: string | undefined
  /** Other servers are measured beside. */
  readonly hasPeers: boolean
}

const NONE = 'none'

export const USAGE = `usage: npm run bench -- [options]

  --only LIST       benchmarks to run: NAMES
  --quick           a few seconds each, at small sizes: to see whether it runs, not for figures
  --out FILE        results as JSON (default bench/results/suite.json)
  --seconds N       measured time of each cell
  --rooms LIST      arena, idle: only these numbers of rooms
  --sessions LIST   targets, idle: only these numbers of sessions
  --members LIST    targets: members of a room, at most 10 (default 10)
  --workers LIST    arena: threads of rooms, 0 = none (default 1)
  --languages LIST  lua, typescript (default both), or none
  --links LIST      rudp, websocket (default both), or none
  --repeat N        arena: measurements of each cell; the cheapest counts (default 1)
  --profile FOLDER  a CPU profile of each thread of server and generator; figures are worse for it
  --no-peers        arena: without other servers
  --help`

/**
 * Reads the command line; undefined when it asks for help.
 * @param names of all benchmarks
 * @throws Error that says which option is wrong
 */
export function parseOptions(
  args: readonly string[],
  names: readonly string[],
  defaultOut: string,
): SuiteOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string', default: defaultOut },
      seconds: { type: 'string' },
      rooms: { type: 'string' },
      sessions: { type: 'string' },
      members: { type: 'string' },
      workers: { type: 'string', default: '1' },
      languages: { type: 'string' },
      links: { type: 'string' },
      repeat: { type: 'string', default: '1' },
      profile: { type: 'string' },
      'no-peers': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const wanted = namesIn('--only', values.only, names)
  return {
    only: names.filter((name) => wanted.includes(name)),
    isQuick: values.quick,
    out: values.out,
    seconds: numbersIn('--seconds', values.seconds, 1, 3_600)?.[0],
    rooms: numbersIn('--rooms', values.rooms, 1, 4_096),
    sessions: numbersIn('--sessions', values.sessions, 1, 100_000),
    members: numbersIn('--members', values.members, 1, 10),
    workers: numbersIn('--workers', values.workers, 0, 64) ?? [1],
    languages: values.languages === NONE ? [] : namesIn('--languages', values.languages, LANGUAGES),
    links: values.links === NONE ? [] : namesIn('--links', values.links, LINK_KINDS),
    repeat: numbersIn('--repeat', values.repeat, 1, 100)?.[0] ?? 1,
    profile: values.profile,
    hasPeers: !values['no-peers'],
  }
}

function namesIn<Name extends string>(
  option: string,
  list: string | undefined,
  all: readonly Name[],
): readonly Name[] {
  if (list === undefined) return all
  return list.split(',').map((text) => {
    const name = all.find((candidate) => candidate === text)
    if (name === undefined) throw new Error(`${option}: ${text} is none of ${all.join(', ')}`)
    return name
  })
}

function numbersIn(
  option: string,
  list: string | undefined,
  least: number,
  most: number,
): number[] | undefined {
  return list?.split(',').map((text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
    throw new Error(`${option}: ${text} is not a whole number in ${least} … ${most}`)
  })
}
