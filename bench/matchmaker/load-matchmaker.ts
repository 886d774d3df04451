import type { Matchmaker, MatchmakerOptions } from '../../packages/server/src/matchmaker/matchmaker.js'
import type { TicketSpec } from '../../packages/server/src/matchmaker/ticket.js'

export type { Matchmaker, TicketSpec }

interface MatchmakerModule {
  readonly Matchmaker: new (options: MatchmakerOptions<TicketSpec>) => Matchmaker<TicketSpec>
  readonly defaultMatchmakerConfig: MatchmakerOptions<TicketSpec>['config']
}

/** The matchmaker as it was built. No part of the server's public API, so it cannot be imported by the package's name. */
export async function loadMatchmaker(): Promise<MatchmakerModule> {
  const built = new URL('../../../packages/server/dist/matchmaker/matchmaker.js', import.meta.url)
  return (await import(built.href)) as MatchmakerModule
}
