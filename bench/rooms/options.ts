import { parseArgs } from 'node:util'
import { type Cell, LANGUAGES, type Language } from './measure/cell.ts'

const SECTIONS = ['load', 'empty', 'drift'] as const

export type Section = (typeof SECTIONS)[number]

export interface BenchOptions {
  readonly cells: readonly Cell[]
  /** Results as JSON. */
  readonly json: string
}

export const USAGE = `usage: npm run bench:rooms -- [options]

  Without --load, --empty or --drift: what the first two of them do; about five minutes.

  --load                only: rooms with members and messages
  --empty               only: 1,000 empty rooms at 20 Hz, what they hold and use
  --drift               only: 1,000 rooms at 60 Hz for ten minutes, for each language
  --only lua|typescript
  --rooms LIST          rooms in one host (default 100,1000,3000)
  --hz LIST             ticks per second and room (default 20,60)
  --seconds N           measured time of each cell (default 10; with --drift 600)
  --profile FOLDER      a CPU profile of the host's thread for each cell; figures are worse for it
  --json FILE           results as JSON (default bench/results/rooms.json)
  --help`

const DEFAULT_SECTIONS: readonly Section[] = ['load', 'empty']

interface Defaults {
  readonly rooms: readonly number[]
  readonly hz: readonly number[]
  readonly seconds: number
}

const DEFAULTS: Readonly<Record<Section, Defaults>> = {
  load: { rooms: [100, 1_000, 3_000], hz: [20, 60], seconds: 10 },
  empty: { rooms: [1_000], hz: [20], seconds: 10 },
  drift: { rooms: [1_000], hz: [60], seconds: 600 },
}

/** At this rate the handler broadcasts, so no room may tick more slowly. */
const HZ_MIN = 5
const HZ_MAX = 128

/**
 * Reads the command line; undefined when it asks for help.
 * @throws Error that says which option is wrong
 */
export function parseOptions(args: readonly string[], defaultJson: string): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      load: { type: 'boolean', default: false },
      empty: { type: 'boolean', default: false },
      drift: { type: 'boolean', default: false },
      only: { type: 'string' },
      rooms: { type: 'string' },
      hz: { type: 'string' },
      seconds: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string', default: defaultJson },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const languages = values.only === undefined ? LANGUAGES : [languageNamed(values.only)]
  const sections = SECTIONS.filter((section) => values[section])
  const rooms = numbersIn('--rooms', values.rooms, 1, 10_000, Number.isInteger)
  const hz = numbersIn('--hz', values.hz, HZ_MIN, HZ_MAX, Number.isFinite)
  const [seconds] = numbersIn('--seconds', values.seconds, 1, 86_400, Number.isFinite) ?? []
  const cells = (sections.length === 0 ? DEFAULT_SECTIONS : sections).flatMap((section) => {
    const defaults = DEFAULTS[section]
    return languages.flatMap((language) =>
      (rooms ?? defaults.rooms).flatMap((roomCount) =>
        (hz ?? defaults.hz).map((rate): Cell => {
          const load = section === 'empty' ? 'empty' : 'light'
          const name = `${load}-${language}-${roomCount}-${rate}hz`
          return {
            language,
            load,
            rooms: roomCount,
            hz: rate,
            seconds: seconds ?? defaults.seconds,
            profile: values.profile === undefined ? undefined : `${values.profile}/${name}.cpuprofile`,
          }
        }),
      ),
    )
  })
  return { cells, json: values.json }
}

function languageNamed(name: string): Language {
  const language = LANGUAGES.find((candidate) => candidate === name)
  if (language === undefined) throw new Error(`--only: ${name} is none of ${LANGUAGES.join(', ')}`)
  return language
}

function numbersIn(
  option: string,
  list: string | undefined,
  least: number,
  most: number,
  isFit: (value: number) => boolean,
): number[] | undefined {
  return list?.split(',').map((text) => {
    const value = Number(text)
    if (text.trim() !== '' && isFit(value) && value >= least && value <= most) return value
    throw new Error(`${option}: ${text} is not a number in ${least} … ${most}`)
  })
}
