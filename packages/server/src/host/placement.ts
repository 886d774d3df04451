/** What is known of a host when a room is to be placed. */
export interface HostLoad {
  /** Share of its time that the host was busy lately, 0..1. */
  readonly busyShare: number
  /** Rooms that were in it when that was measured. */
  readonly measuredRooms: number
  /** Rooms that are in it now, or on their way. */
  readonly rooms: number
}

/** Hosts whose loads differ by less are equally loaded: the rest is noise. */
const STEP = 0.05

/**
 * The index of the host with the most time to spare: by measured time, with the rooms placed since counted as if they
 * were like those before them. Of equals it is the one with the fewest rooms, then the first.
 */
export function leastLoaded(hosts: readonly HostLoad[]): number {
  let best = 0
  for (let index = 1; index < hosts.length; index++) {
    const [one, other] = [hosts[index] as HostLoad, hosts[best] as HostLoad]
    const difference = steps(one) - steps(other)
    if (difference < 0 || (difference === 0 && one.rooms < other.rooms)) best = index
  }
  return best
}

function steps({ busyShare, measuredRooms, rooms }: HostLoad): number {
  const perRoom = measuredRooms === 0 ? 0 : busyShare / measuredRooms
  return Math.round((busyShare + (rooms - measuredRooms) * perRoom) / STEP)
}
