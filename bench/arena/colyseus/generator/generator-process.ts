import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveParent } from '../../../transport/processes/child-process.ts'
import { INPUT_HZ } from '../game/wire.ts'
import { Arrivals } from './arrivals.ts'
import { InputSchedule } from './input-schedule.ts'
import { createRoom, seatIn } from './matchmaking.ts'
import { ArenaPlayer } from './player.ts'

/** So many rooms fill at once. */
const ROOMS_AT_ONCE = 16
const INPUT_PERIOD_MS = 1000 / INPUT_HZ

export interface GeneratorMeasurement {
  readonly elapsedMs: number
  /** Time in which the event loop did not wait for anything. */
  readonly busyMs: number
  /** User and system time of all its threads. */
  readonly cpuUs: number
  readonly inputsSent: number
  readonly inputsDue: number
  readonly snapshots: number
  /** Ticks that a player never got, between others that it got. */
  readonly missing: number
  readonly disconnected: number
  readonly intervalMs: { readonly p50: number; readonly p99: number }
}

/** The process that plays: every player of every room, each with a connection of its own. */
export type GeneratorApi = {
  /** Fills the rooms one player after the other, and plays from then on. */
  play(argument: { port: number; rooms: number; players: number }): Promise<void>
  measure(argument: { seconds: number }): Promise<GeneratorMeasurement>
}

function createGenerator(): GeneratorApi {
  const arrivals = new Arrivals()
  let schedule: InputSchedule | undefined
  return {
    async play({ port, rooms, players }) {
      const everybody: ArenaPlayer[] = []
      let roomsBegun = 0
      const fillRooms = async (): Promise<void> => {
        while (roomsBegun < rooms) {
          roomsBegun += 1
          const first = await createRoom(port)
          everybody.push(await ArenaPlayer.join(port, first, arrivals))
          for (let member = 1; member < players; member += 1) {
            everybody.push(await ArenaPlayer.join(port, await seatIn(port, first.roomId), arrivals))
          }
        }
      }
      await Promise.all(Array.from({ length: ROOMS_AT_ONCE }, fillRooms))
      schedule = new InputSchedule(everybody.length, INPUT_PERIOD_MS, performance.now())
      sendWhenDue(schedule, everybody)
    },

    async measure({ seconds }) {
      if (schedule === undefined) throw new Error('measure before play')
      const startMs = performance.now()
      const sentBefore = schedule.taken
      const cpuBefore = process.cpuUsage()
      const utilization = performance.eventLoopUtilization()
      arrivals.restart()
      await sleep(seconds * 1000)
      const endMs = performance.now()
      const cpu = process.cpuUsage(cpuBefore)
      const { snapshots, missing, disconnected, intervals } = arrivals
      return {
        elapsedMs: endMs - startMs,
        busyMs: performance.eventLoopUtilization(utilization).active,
        cpuUs: cpu.user + cpu.system,
        inputsSent: schedule.taken - sentBefore,
        inputsDue: schedule.dueBy(endMs) - schedule.dueBy(startMs),
        snapshots,
        missing,
        disconnected,
        intervalMs: { p50: intervals.quantileMs(0.5), p99: intervals.quantileMs(0.99) },
      }
    },
  }
}

/** Sends every input as soon after it is due as timers of a millisecond allow. */
function sendWhenDue(schedule: InputSchedule, players: readonly ArenaPlayer[]): void {
  const nowMs = performance.now()
  while (schedule.nextDueMs() <= nowMs) players[schedule.take()]?.sendInput()
  setTimeout(sendWhenDue, schedule.nextDueMs() - performance.now(), schedule, players)
}

serveParent(createGenerator())
