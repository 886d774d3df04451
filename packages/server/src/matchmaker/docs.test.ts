import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { matchmakerWorld } from '../testing/matchmaker-world.ts'
import type { TicketSpec } from './ticket.ts'

const page = readFileSync(new URL('../../../../docs/matchmaker.md', import.meta.url), 'utf8')
interface Example extends Pick<TicketSpec, 'module' | 'min' | 'max'> {
  readonly multiple?: number
  readonly properties?: TicketSpec['properties']
  readonly query?: string
  readonly widen?: TicketSpec['stages']
  readonly withParty?: boolean
}

const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map(
  ([, text]) => JSON.parse(text as string) as Example,
)

it('the examples of docs/matchmaker.md are tickets', () => {
  const { add, matchmaker } = matchmakerWorld()
  const tickets = examples.map(
    ({ multiple = 1, properties = {}, query = '', widen = [], withParty, ...sizes }, index) => ({
      ...sizes,
      id: `${index}`,
      multiple,
      properties,
      size: withParty === true ? 3 : 1,
      stages: [{ afterMs: 0, query }, ...widen],
    }),
  )
  add(...tickets)
  expect(matchmaker.size).toBe(4)
})
