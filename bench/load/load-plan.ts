import type { CallPlan } from './rpc-calls.ts'
import type { LinkKind, ServerAddress } from './links/link.ts'
import type { TrafficPlan } from './traffic/traffic.ts'

/** Bots of one kind of connection. */
export interface Crowd {
  readonly link: LinkKind
  readonly bots: number
}

/** What one process of the generator does. */
export interface LoadPlan {
  readonly server: ServerAddress
  /** Its share of bots; each crowd is spread evenly over the rooms. */
  readonly crowds: readonly Crowd[]
  /** Of the first bot, for its address: processes must not share addresses. */
  readonly firstBot: number
  /** Absent = bots are in no room. */
  readonly rooms?: {
    readonly module: string
    readonly params: Readonly<Record<string, unknown>>
    readonly botsPerRoom: number
    readonly traffic: TrafficPlan
  }
  /** Absent = bots call no RPC. */
  readonly calls?: CallPlan
}

/** The connection of each bot: every crowd is spread evenly, so that rooms are mixed alike. */
export function interleave(crowds: readonly Crowd[]): LinkKind[] {
  const total = crowds.reduce((sum, { bots }) => sum + bots, 0)
  const kinds: LinkKind[] = []
  const owed = crowds.map(() => 0)
  while (kinds.length < total) {
    let most = 0
    for (const [crowd, { bots }] of crowds.entries()) {
      owed[crowd] = (owed[crowd] as number) + bots / total
      if ((owed[crowd] as number) > (owed[most] as number)) most = crowd
    }
    owed[most] = (owed[most] as number) - 1
    kinds.push((crowds[most] as Crowd).link)
  }
  return kinds
}
