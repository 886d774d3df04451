/** The two loops that Colyseus has: one of the measured time, whose timer drifts, and one that makes up for it. */
export const ROOM_LOOPS = ['timestep', 'fixed-timestep'] as const
export type RoomLoop = (typeof ROOM_LOOPS)[number]
