import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { matchmakerWorld } from '../testing/matchmaker-world.ts'
import type { TicketSpec } from './ticket.ts'

const page = readFileSync(new URL('../../../../docs/matchmaker.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map(
  ([, text]) => JSON.parse(text as string) as TicketSpec,
)

it('the examples of docs/matchmaker.md are tickets', () => {
  const { add, matchmaker } = matchmakerWorld()
  add(...examples.map((example, index) => ({ ...example, id: `${index}` })))
  expect(matchmaker.size).toBe(4)
})
