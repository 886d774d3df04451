import { TickPhase } from '../room/tick-phases.ts'
import { TickSchedule } from '../room/tick-schedule.ts'

/** The schedule of a room that has a phase of its own. */
export function tickSchedule(tickHz: number, nowMs: number, phaseMs = 0): TickSchedule {
  return new TickSchedule(new TickPhase(tickHz, nowMs + phaseMs), nowMs)
}
