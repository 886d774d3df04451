/** What is known of a host when a room is to be placed. */
export interface HostLoad {
  /** Share of its time that the host was busy lately, 0..1. */
  readonly busyShare: number
  /** Rooms that were in it when that was measured. */
  readonly measuredRooms: number
  /** Rooms that have been placed since. */
  readonly newRooms: number
}

/** Assumed of a room until something has been measured: a light one at 20 Hz. */
const ROOM_SHARE = 0.0005

/**
 * The index of the host with the most time to spare: by measured time, plus what the rooms placed since will take if
 * they are like those before them. Of equals the first.
 */
export function leastLoaded(hosts: readonly HostLoad[]): number {
  let best = 0
  let bestShare = Number.POSITIVE_INFINITY
  for (const [index, { busyShare, measuredRooms, newRooms }] of hosts.entries()) {
    const perRoom = measuredRooms === 0 ? ROOM_SHARE : Math.max(ROOM_SHARE, busyShare / measuredRooms)
    const share = busyShare + newRooms * perRoom
    if (share >= bestShare) continue
    best = index
    bestShare = share
  }
  return best
}
