import type { TicketSpec } from './load-matchmaker.ts'

export interface Scenario {
  readonly what: string
  /** Tickets that wait before the clock starts. */
  readonly waiting: number
  readonly arrivalsPerSecond: number
  readonly seconds: number
  ticket(n: number, random: () => number): TicketSpec
}

const duel = { module: 'duel', min: 2, max: 2, multiple: 1, size: 1 }

/** Nobody suits anybody, and no term rules that out before all others were asked. */
const alone: Scenario['ticket'] = (n) => ({
  ...duel,
  id: `${n}`,
  properties: { skill: n, region: 'eu' },
  stages: [{ afterMs: 0, query: `+properties.region:eu +properties.skill:<${-n}` }],
})

const ranked: Scenario['ticket'] = (n, random) => {
  const skill = skillOf(random)
  const within = (width: number) => `+properties.skill:[${skill - width} TO ${skill + width}]`
  return {
    ...duel,
    id: `${n}`,
    properties: { skill, region: 'eu' },
    stages: [
      { afterMs: 0, query: within(25) },
      { afterMs: 5_000, query: within(100) },
      { afterMs: 15_000, query: within(400) },
    ],
  }
}

const teams: Scenario['ticket'] = (n, random) => {
  const skill = skillOf(random)
  const region = ['eu', 'us', 'sa'][Math.floor(random() * 3)] as string
  const size = [1, 1, 1, 1, 2, 2, 3, 5][Math.floor(random() * 8)] as number
  const within = (width: number) =>
    `+properties.region:${region} +properties.skill:[${skill - width} TO ${skill + width}]`
  return {
    id: `${n}`,
    module: 'teams',
    min: 10,
    max: 10,
    multiple: 10,
    size,
    properties: { skill, region },
    stages: [
      { afterMs: 0, query: within(150) },
      { afterMs: 10_000, query: within(400) },
    ],
  }
}

/** Everybody refuses its own colour, and there are too few colours: every search runs to its bound. */
const hostile: Scenario['ticket'] = (n) => {
  const colour = n % 8
  return {
    id: `${n}`,
    module: 'teams',
    min: 10,
    max: 10,
    multiple: 1,
    size: 1,
    properties: { colour },
    stages: [{ afterMs: 0, query: `-properties.colour:${colour}` }],
  }
}

function skillOf(random: () => number): number {
  let sum = 0
  for (let n = 0; n < 6; n++) sum += random()
  return Math.round(1_500 + (sum - 3) * 420)
}

export const scenarios: readonly Scenario[] = [
  { what: '1,000 that suit nobody', waiting: 1_000, arrivalsPerSecond: 100, seconds: 20, ticket: alone },
  { what: '4,000 that suit nobody', waiting: 4_000, arrivalsPerSecond: 100, seconds: 20, ticket: alone },
  { what: '1 against 1 by skill', waiting: 0, arrivalsPerSecond: 1_000, seconds: 30, ticket: ranked },
  { what: '5 against 5 with parties', waiting: 0, arrivalsPerSecond: 200, seconds: 60, ticket: teams },
  {
    what: '4,000 whose searches all fail late',
    waiting: 4_000,
    arrivalsPerSecond: 10,
    seconds: 20,
    ticket: hostile,
  },
]
