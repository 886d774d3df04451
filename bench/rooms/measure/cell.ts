import type { Drift } from '../scripts/modules/_drift.ts'

export const LANGUAGES = ['lua', 'typescript'] as const

export type Language = (typeof LANGUAGES)[number]

/** What one measurement is of. */
export interface Cell {
  readonly language: Language
  /** `light`: two members send and hear in each room. `empty`: nobody is there, and the handler does nothing. */
  readonly load: 'light' | 'empty'
  readonly rooms: number
  readonly hz: number
  readonly seconds: number
  /** Where to put a CPU profile of the host's thread; taking one makes ticks slower. */
  readonly profile: string | undefined
}

/** Lateness of ticks in ms, from the server's own histogram of every tick. */
export interface Lateness {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Share of the ticks that were at most 2 ms late; exact. */
  readonly within2Ms: number
}

/** CPU time of one thread, with what it used before there were rooms taken off. */
export interface ThreadCost {
  /** 1 = one core. */
  readonly coreShare: number
  readonly usPerTick: number
  /** Share of time in which its event loop did not wait. */
  readonly busyShare: number
}

/** What one room holds, in bytes: the difference to a server without rooms, divided by rooms. */
export interface RoomMemory {
  /** JavaScript heap of the host's thread. */
  readonly host: number
  /** Its Lua state. */
  readonly lua: number
  /** JavaScript heap of the main thread: the room's record, seats, and in `light` two sessions with their connections. */
  readonly main: number
  /** Of the whole process, garbage and slack included. */
  readonly resident: number
}

export interface CellResult {
  readonly cell: Cell
  readonly ticksPerSecond: number
  readonly skippedPerSecond: number
  readonly lateness: Lateness
  /** Mean time within a tick, as the server measures it. */
  readonly tickUs: number
  readonly host: ThreadCost
  readonly main: ThreadCost
  /** CPU time of the process's other threads, the garbage collector's above all, 1 = one core. */
  readonly helpersShare: number
  readonly memory: RoomMemory
  readonly drift: Drift
  readonly inputsPerSecond: number
  /** Wanted. */
  readonly inputsDuePerSecond: number
  readonly framesPerSecond: number
  /** From the first room asked for to the last member in. */
  readonly setUpMs: number
  readonly isPinned: boolean
  /** CPU time of other programs, 1 = one core. */
  readonly otherCpuShare: number
  /** Other programs took so much that the figures are not the cell's: measure again. */
  readonly isDisturbed: boolean
}
