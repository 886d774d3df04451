import type { RoomId, SessionId } from '../ids.ts'
import type { MatchHandler, MatchInit } from '../room/match-handler.ts'
import { Room } from '../room/room.ts'
import type { MemberInfo, RoomEnd, RoomInput } from '../room/room-host.ts'
import { ManualClock } from './manual-clock.ts'
import { type RecordingMatch, recordingMatch } from './recording-match.ts'
import { TickPhases } from '../room/tick-phases.ts'

const ROOM_ID = '00000000-0000-4000-8000-000000000001' as RoomId
/** Between two ticks of a {@link RoomWorld}. */
export const PERIOD_MS = 100

/** A room with a recording match handler, on a clock in the hands of the test. */
export interface RoomWorld {
  readonly room: Room
  readonly clock: ManualClock
  readonly match: RecordingMatch
  /** What the room told its host and what it called, in one order. */
  readonly story: string[]
  readonly ends: RoomEnd[]
  readonly ticks: { latenessMs: number; durationMs: number; skipped: number }[]
  /** Runs the ticks of the next `durationMs`, each at its due time. */
  run(durationMs: number): void
}

export interface RoomWorldOptions extends Partial<MatchHandler> {
  readonly onScriptError?: 'end' | 'continue'
  readonly inputQueue?: number
  readonly labelBytes?: number
  readonly params?: unknown
  readonly phases?: TickPhases
  readonly isStarted?: boolean
  onJoinAccepted?(member: number): void
}

export function roomWorld(options: RoomWorldOptions = {}): RoomWorld {
  const clock = new ManualClock({ nowMs: 1_000 })
  const match = recordingMatch(options)
  const story = match.calls
  const ends: RoomEnd[] = []
  const ticks: RoomWorld['ticks'] = []
  const room = new Room({
    id: ROOM_ID,
    module: 'game',
    createdUnixMs: clock.unixMs(),
    handler: match,
    clock,
    defaults: {
      tickHz: 20,
      maxPlayers: 8,
      emptyTimeoutMs: 0,
      inputQueue: options.inputQueue ?? 4,
      labelBytes: options.labelBytes ?? 2_048,
    },
    isFatal: () => options.onScriptError !== 'continue',
    observer: {
      joinAccepted: (member) => {
        story.push(`accepted ${member}`)
        options.onJoinAccepted?.(member)
      },
      joinRejected: (member, reason) => story.push(`rejected ${member}: ${reason}`),
      scriptFailed: (callback, error) => story.push(`failed ${callback}: ${(error as Error).message}`),
      kicked: (member, reason) => story.push(`kicked ${member}: ${reason}`),
      traitsChanged: ({ label }) => story.push(`label ${label}`),
      labelRefused: () => story.push('label refused'),
      ended: (end) => {
        story.push(`ended ${end.reason}`)
        ends.push(end)
      },
    },
    ticks: {
      ticked: (latenessMs, durationMs, skipped) => ticks.push({ latenessMs, durationMs, skipped }),
    },
    sink: {
      data: (frame, isReliable, receivers) =>
        story.push(`data ${frame.length} ${isReliable ? 'reliable' : 'unreliable'} to ${receivers ?? 'all'}`),
      state: (frame) => story.push(`state ${frame.length}`),
    },
  })
  if (options.isStarted !== false) {
    void room.start(options.params ?? {}, options.phases ?? new TickPhases())
    story.length = 0
  }
  return {
    room,
    clock,
    match,
    story,
    ends,
    ticks,
    run(durationMs) {
      const untilMs = clock.nowMs() + durationMs
      while (room.state !== 'closed' && room.nextDueMs <= untilMs) {
        clock.stall(Math.max(0, room.nextDueMs - clock.nowMs()))
        room.runTick(clock.nowMs())
      }
      clock.stall(Math.max(0, untilMs - clock.nowMs()))
    },
  }
}

/** What `match_init` says, where the test does not care. */
export function init(traits: Partial<MatchInit>): MatchInit {
  return { tickHz: undefined, label: '', maxPlayers: undefined, emptyTimeoutMs: undefined, ...traits }
}

/** Somebody who asks for a seat. */
export function player(member: number): MemberInfo {
  return {
    member,
    sessionId: member.toString(16).padStart(16, '0') as SessionId,
    userId: `user-${member}`,
    username: `player ${member}`,
    metadata: undefined,
  }
}

export function input(text: string): RoomInput {
  return { op: 1, data: Buffer.from(text), isReliable: true, isMessagePack: false }
}

export function boom(): never {
  throw new Error('boom')
}
