import { ColyseusPeer } from './colyseus/colyseus-peer.ts'
import type { ArenaPeer } from './peer.ts'

/** Other servers that play the arena in the same run; `--no-peers` leaves them out. One more is one line. */
export const OTHER_PEERS: readonly ArenaPeer[] = [new ColyseusPeer(), new ColyseusPeer('fixed-timestep')]
