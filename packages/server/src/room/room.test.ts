import { KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import type { RoomId, SessionId } from '../ids.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { type RecordingMatch, recordingMatch } from '../testing/recording-match.ts'
import type { MatchHandler, MatchInit, QueuedInput, TickInfo } from './match-handler.ts'
import { Room, type RoomOptions } from './room.ts'
import type { MemberInfo, RoomEnd, RoomInput } from './room-host.ts'

const ROOM_ID = '00000000-0000-4000-8000-000000000001' as RoomId
const PERIOD_MS = 100

interface World {
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

interface WorldOptions extends Partial<MatchHandler> {
  readonly onScriptError?: RoomOptions['onScriptError']
  readonly inputQueue?: number
  readonly params?: unknown
  readonly spread?: number
  readonly isStarted?: boolean
  onJoinAccepted?(member: number): void
}

function world(options: WorldOptions = {}): World {
  const clock = new ManualClock({ nowMs: 1_000 })
  const match = recordingMatch(options)
  const story = match.calls
  const ends: RoomEnd[] = []
  const ticks: World['ticks'] = []
  const room = new Room({
    id: ROOM_ID,
    module: 'game',
    handler: match,
    clock,
    defaults: { tickHz: 20, maxPlayers: 8, emptyTimeoutMs: 0, inputQueue: options.inputQueue ?? 4 },
    onScriptError: options.onScriptError ?? 'end',
    observer: {
      joinAccepted: (member) => {
        story.push(`accepted ${member}`)
        options.onJoinAccepted?.(member)
      },
      joinRejected: (member, reason) => story.push(`rejected ${member}: ${reason}`),
      scriptFailed: (callback, error) => story.push(`failed ${callback}: ${(error as Error).message}`),
      ticked: (latenessMs, durationMs, skipped) => ticks.push({ latenessMs, durationMs, skipped }),
      ended: (end) => {
        story.push(`ended ${end.reason}`)
        ends.push(end)
      },
    },
  })
  if (options.isStarted !== false) {
    room.start(options.params ?? {}, options.spread ?? 0)
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

function init(traits: Partial<MatchInit>): MatchInit {
  return { tickHz: undefined, label: '', maxPlayers: undefined, emptyTimeoutMs: undefined, ...traits }
}

function player(member: number): MemberInfo {
  return {
    member,
    sessionId: member.toString(16).padStart(16, '0') as SessionId,
    userId: `user-${member}`,
    username: `player ${member}`,
    metadata: undefined,
  }
}

function input(text: string): RoomInput {
  return { op: 1, data: Buffer.from(text), isReliable: true, isMessagePack: false }
}

function boom(): never {
  throw new Error('boom')
}

describe('a room that starts', () => {
  it('is creating until match_init has said what it is, and running afterwards', () => {
    const given: unknown[] = []
    const { room, story } = world({
      isStarted: false,
      init: (params) => {
        given.push(params)
        return init({ tickHz: 29.97, label: 'arena', maxPlayers: 50 })
      },
    })
    expect(room.state).toBe('creating')
    expect(room.start({ map: 'dust' }, 0)).toEqual({ label: 'arena', tickHz: 29.97, maxPlayers: 50 })
    expect(given).toEqual([{ map: 'dust' }])
    expect([room.state, story]).toEqual(['running', ['init']])
  })

  it('takes the defaults for what match_init leaves open', () => {
    const { room } = world({ isStarted: false, init: () => init({}) })
    expect(room.start({}, 0)).toEqual({ label: '', tickHz: 20, maxPlayers: 8 })
  })

  it('is due one period after its start, delayed by its share of the phases', () => {
    expect(world({ spread: 0 }).room.nextDueMs).toBe(1_100)
    expect(world({ spread: 0.25 }).room.nextDueMs).toBe(1_125)
  })

  it.each([1, 1.5, 23.976, 127.5, 128])('may tick at %d Hz', (tickHz) => {
    const { room } = world({ isStarted: false, init: () => init({ tickHz }) })
    expect(room.start({}, 0)?.tickHz).toBe(tickHz)
  })

  it.each([0, 0.99, 128.01, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'has failed when match_init asks for %d Hz',
    (tickHz) => {
      const { room, ends } = world({ isStarted: false, init: () => init({ tickHz }) })
      expect(room.start({}, 0)).toBeUndefined()
      expect(ends).toEqual([
        { reason: 'init-failed', error: `tick_rate must be from 1 to 128 Hz, got ${tickHz}` },
      ])
    },
  )

  it('ends with the script’s error when match_init throws', () => {
    const { room, story, ends } = world({ isStarted: false, init: boom })
    expect(room.start({}, 0)).toBeUndefined()
    expect(story).toEqual(['init', 'failed match_init: boom', 'close', 'ended init-failed'])
    expect(ends).toEqual([{ reason: 'init-failed', error: 'boom' }])
    expect([room.state, room.nextDueMs]).toEqual(['closed', Number.POSITIVE_INFINITY])
  })
})

describe('joining', () => {
  it('asks match_join_attempt, tells the client, then calls match_join', () => {
    const { room, story } = world()
    room.join(player(7))
    expect(story).toEqual(['attempt 7', 'accepted 7', 'join 7'])
    expect(room.size).toBe(1)
  })

  it('passes on the reason of a refusal, or that there is none', () => {
    const { room, story } = world({ joinAttempt: ({ member }) => (member === 1 ? 'too late' : '') })
    room.join(player(1))
    room.join(player(2))
    expect(story).toEqual(['attempt 1', 'rejected 1: too late', 'attempt 2', 'rejected 2: undefined'])
    expect(room.size).toBe(0)
  })

  it.each(['end', 'continue'] as const)(
    'refuses when match_join_attempt throws, and the room goes on (policy %s)',
    (onScriptError) => {
      const { room, story } = world({ onScriptError, joinAttempt: boom })
      room.join(player(1))
      expect(story).toEqual([
        'attempt 1',
        'failed match_join_attempt: boom',
        'rejected 1: match_join_attempt failed',
      ])
      expect([room.state, room.size]).toEqual(['running', 0])
    },
  )

  it('ends the room when match_join throws and the policy is "end"', () => {
    const { room, ends } = world({ onScriptError: 'end', join: boom })
    room.join(player(1))
    expect(ends).toEqual([{ reason: 'failed', error: 'match_join: boom' }])
    expect([room.state, room.size]).toEqual(['closed', 0])
  })

  it('leaves the member in when match_join throws and the policy is "continue"', () => {
    const { room, story } = world({ onScriptError: 'continue', join: boom })
    room.join(player(1))
    expect(story).toEqual(['attempt 1', 'accepted 1', 'join 1', 'failed match_join: boom'])
    expect([room.state, room.size]).toEqual(['running', 1])
  })

  it('is refused by a room that is ending', () => {
    const { room, story } = world({ terminate: () => true })
    room.drain('closed', 5)
    story.length = 0
    room.join(player(1))
    expect(story).toEqual(['rejected 1: the room is ending'])
  })

  it('calls match_leave after match_join for a member that is gone when its seat is confirmed', () => {
    const all = world({ onJoinAccepted: (member) => all.room.leave(member, 'dropped') })
    all.room.join(player(1))
    expect(all.story).toEqual(['attempt 1', 'accepted 1', 'join 1', 'leave 1 dropped'])
    expect(all.room.size).toBe(0)
  })

  it('lets match_join_attempt kick another member, also when it refuses', () => {
    const all = world({
      joinAttempt: ({ member }) => {
        if (member === 1) return undefined
        all.room.leave(1, 'kicked')
        return 'only one'
      },
    })
    all.room.join(player(1))
    all.story.length = 0
    all.room.join(player(2))
    expect(all.story).toEqual(['attempt 2', 'rejected 2: only one', 'leave 1 kicked'])
  })

  it('lets match_join kick who has just joined', () => {
    const all = world({ join: ({ member }) => all.room.leave(member, 'kicked') })
    all.room.join(player(1))
    expect(all.story).toEqual(['attempt 1', 'accepted 1', 'join 1', 'leave 1 kicked'])
  })
})

describe('leaving', () => {
  it('calls match_leave once, with the reason', () => {
    const { room, story } = world()
    room.join(player(1))
    story.length = 0
    room.leave(1, 'left')
    room.leave(1, 'left')
    room.leave(99, 'left')
    expect(story).toEqual(['leave 1 left'])
  })

  it('ends the room when match_leave throws and the policy is "end"', () => {
    const { room, ends } = world({ onScriptError: 'end', leave: boom })
    room.join(player(1))
    room.leave(1, 'left')
    expect(ends).toEqual([{ reason: 'failed', error: 'match_leave: boom' }])
  })

  it('goes on when match_leave throws and the policy is "continue"', () => {
    const { room } = world({ onScriptError: 'continue', leave: boom })
    room.join(player(1))
    room.leave(1, 'left')
    expect([room.state, room.size]).toEqual(['running', 0])
  })
})

describe('input', () => {
  it('reaches the next tick in the order it came, once, with the time it came at', () => {
    const seen: string[][] = []
    const { room, clock, run } = world({
      loop: (_, inputs) => {
        seen.push(inputs.map((one) => `${one.member} ${Buffer.from(one.data)} ${one.receivedUnixMs}`))
        return true
      },
    })
    room.join(player(1))
    room.join(player(2))
    const startMs = clock.unixMs()
    room.input(1, input('a'))
    clock.stall(7)
    room.input(2, input('b'))
    room.input(1, input('c'))
    run(2 * PERIOD_MS)
    expect(seen).toEqual([[`1 a ${startMs}`, `2 b ${startMs + 7}`, `1 c ${startMs + 7}`], []])
  })

  it.each([
    ['an array', new Uint8Array([1, 2, 3])],
    // Whose slice() copies nothing.
    ['a Buffer', Buffer.from([1, 2, 3])],
  ])('in %s is copied, so that the sender’s buffer may be used again', (_, data) => {
    const seen: QueuedInput[] = []
    const { room, run } = world({
      loop: (_, inputs) => {
        seen.push(...inputs)
        return true
      },
    })
    room.join(player(1))
    room.input(1, { op: 9, data, isReliable: false, isMessagePack: true })
    data.fill(0xff)
    run(PERIOD_MS)
    expect(seen).toEqual([
      expect.objectContaining({
        op: 9,
        data: new Uint8Array([1, 2, 3]),
        isReliable: false,
        isMessagePack: true,
      }),
    ])
  })

  it('is refused when the queue is full, and taken again after the tick', () => {
    const counts: number[] = []
    const { room, run } = world({
      inputQueue: 3,
      loop: (_, inputs) => {
        counts.push(inputs.length)
        return true
      },
    })
    room.join(player(1))
    expect(Array.from({ length: 5 }, () => room.input(1, input('x')))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    run(PERIOD_MS)
    expect(room.input(1, input('y'))).toBe(true)
    run(PERIOD_MS)
    expect(counts).toEqual([3, 1])
  })

  it('of somebody who is no member, or for a room that has ended, is ignored without a complaint', () => {
    const { room, story, run } = world({ loop: (_, inputs) => inputs.length === 0 })
    room.join(player(1))
    room.leave(1, 'left')
    expect(room.input(1, input('late'))).toBe(true)
    run(PERIOD_MS)
    expect(room.state).toBe('running')
    room.close()
    expect(room.input(1, input('later'))).toBe(true)
    expect(story.at(-1)).toBe('ended closed')
  })

  it('that comes while match_loop runs waits for the tick after', () => {
    const counts: number[] = []
    const all = world({
      loop: (_, inputs) => {
        counts.push(inputs.length)
        if (counts.length === 1) all.room.input(1, input('from within'))
        return true
      },
    })
    all.room.join(player(1))
    all.run(3 * PERIOD_MS)
    expect(counts).toEqual([0, 1, 0])
  })
})

describe('ticking', () => {
  it('counts from 1 and gives the true time between ticks', () => {
    const infos: TickInfo[] = []
    const { run, ticks } = world({ loop: (info) => infos.push({ ...info }) > 0 })
    run(3 * PERIOD_MS)
    expect(infos).toEqual([
      { tick: 1, dtSeconds: 0.1, skipped: 0 },
      { tick: 2, dtSeconds: 0.1, skipped: 0 },
      { tick: 3, dtSeconds: 0.1, skipped: 0 },
    ])
    expect(ticks.every(({ latenessMs, skipped }) => latenessMs === 0 && skipped === 0)).toBe(true)
  })

  it('runs a late tick once, with the true dt and the number of ticks passed over', () => {
    const infos: TickInfo[] = []
    const { clock, room, run, ticks } = world({ loop: (info) => infos.push({ ...info }) > 0 })
    run(PERIOD_MS)
    clock.stall(350)
    room.runTick(clock.nowMs())
    run(50)
    expect(infos.slice(1)).toEqual([
      { tick: 4, dtSeconds: 0.35, skipped: 2 },
      { tick: 5, dtSeconds: 0.05, skipped: 0 },
    ])
    expect(ticks.slice(1)).toEqual([
      { latenessMs: 250, durationMs: 0, skipped: 2 },
      { latenessMs: 0, durationMs: 0, skipped: 0 },
    ])
  })

  it('measures how long match_loop took', () => {
    const all = world({
      loop: () => {
        all.clock.stall(12)
        return true
      },
    })
    all.run(PERIOD_MS)
    expect(all.ticks).toEqual([{ latenessMs: 0, durationMs: 12, skipped: 0 }])
  })

  it('ends as finished when match_loop says so', () => {
    const { room, run, story, ends } = world({ loop: ({ tick }) => tick < 3 })
    run(10 * PERIOD_MS)
    expect(story).toEqual(['loop 1', 'loop 2', 'loop 3', 'close', 'ended finished'])
    expect(ends).toEqual([{ reason: 'finished' }])
    expect(room.nextDueMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('ends with the error when match_loop throws and the policy is "end"', () => {
    const { room, run, story, ends } = world({ onScriptError: 'end', loop: boom })
    run(5 * PERIOD_MS)
    expect(story).toEqual(['loop 1', 'failed match_loop: boom', 'close', 'ended failed'])
    expect(ends).toEqual([{ reason: 'failed', error: 'match_loop: boom' }])
    expect(room.nextDueMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('ticks on when match_loop throws and the policy is "continue"', () => {
    const { room, run, story } = world({
      onScriptError: 'continue',
      loop: ({ tick }) => (tick === 2 ? boom() : true),
    })
    run(3 * PERIOD_MS)
    expect(story).toEqual(['loop 1', 'loop 2', 'failed match_loop: boom', 'loop 3'])
    expect(room.state).toBe('running')
  })

  it('does nothing once the room has ended', () => {
    const { room, clock, story } = world()
    room.close()
    story.length = 0
    room.runTick(clock.nowMs() + 1_000)
    expect(story).toEqual([])
  })
})

describe('commands from within a callback', () => {
  it('wait until the callback is done', () => {
    const all = world({
      loop: () => {
        all.room.leave(1, 'kicked')
        all.room.join(player(2))
        all.story.push('end of loop')
        return true
      },
    })
    all.room.join(player(1))
    all.story.length = 0
    all.run(PERIOD_MS)
    expect(all.story).toEqual([
      'loop 1',
      'end of loop',
      'leave 1 kicked',
      'attempt 2',
      'accepted 2',
      'join 2',
    ])
  })

  it('take effect in the order given, also when one brings about another', () => {
    const all = world({
      loop: () => {
        all.room.leave(1, 'kicked')
        all.room.leave(2, 'kicked')
        return true
      },
      leave: ({ member }) => {
        if (member === 1) all.room.drain('closed', 0)
      },
    })
    all.room.join(player(1))
    all.room.join(player(2))
    all.story.length = 0
    all.run(PERIOD_MS)
    expect(all.story).toEqual([
      'loop 1',
      'leave 1 kicked',
      'leave 2 kicked',
      'terminate 0',
      'close',
      'ended closed',
    ])
  })

  it('may be many', () => {
    const members = 20_000
    const all = world({
      loop: () => {
        for (let member = 1; member <= members; member++) all.room.leave(member, 'kicked')
        return true
      },
    })
    for (let member = 1; member <= members; member++) all.room.join(player(member))
    all.run(PERIOD_MS)
    expect([all.room.state, all.room.size]).toEqual(['running', 0])
  })

  it('close the room after the tick that asked for it', () => {
    const all = world({
      loop: () => {
        all.room.drain('closed', 0)
        return true
      },
    })
    all.run(3 * PERIOD_MS)
    expect(all.story).toEqual(['loop 1', 'terminate 0', 'close', 'ended closed'])
  })

  it('are dropped when the callback ends the room', () => {
    const all = world({
      loop: () => {
        all.room.leave(1, 'kicked')
        return false
      },
    })
    all.room.join(player(1))
    all.story.length = 0
    all.run(PERIOD_MS)
    expect(all.story).toEqual(['loop 1', 'close', 'ended finished'])
  })
})

describe('signals', () => {
  it('give back what match_signal answers', () => {
    const { room } = world({ signal: (data) => `got ${String(data)}` })
    expect(room.signal('ping')).toBe('got ping')
  })

  it('fail for whoever asked when match_signal throws, and the room goes on', () => {
    const { room, story } = world({ onScriptError: 'end', signal: boom })
    expect(() => room.signal('x')).toThrow('boom')
    expect(story).toEqual(['signal x', 'failed match_signal: boom'])
    expect(room.state).toBe('running')
  })

  it('are refused within a callback of the same room', () => {
    const seen: unknown[] = []
    const all = world({
      loop: () => {
        try {
          all.room.signal('to myself')
        } catch (error) {
          seen.push(error)
        }
        return true
      },
    })
    all.run(PERIOD_MS)
    expect(seen).toEqual([expect.objectContaining({ error: 'WRONG_STATE' })])
    expect(all.room.signal('from outside')).toBeUndefined()
  })

  it('are refused by a room that has ended', () => {
    const { room } = world()
    room.close()
    expect(() => room.signal('x')).toThrow(new KaosError('ROOM_CLOSED'))
  })

  it('let match_signal kick a member', () => {
    const all = world({ signal: () => all.room.leave(1, 'kicked') })
    all.room.join(player(1))
    all.story.length = 0
    all.room.signal('kick')
    expect(all.story).toEqual(['signal kick', 'leave 1 kicked'])
  })
})

describe('an empty room', () => {
  const emptyTimeoutMs = 1_000
  const timed = (): World => world({ init: () => init({ tickHz: 10, emptyTimeoutMs }) })

  it('ends after its timeout when nobody ever joins', () => {
    const { run, ends, clock } = timed()
    run(900)
    expect(ends).toEqual([])
    run(100)
    expect([ends, clock.nowMs()]).toEqual([[{ reason: 'empty' }], 2_000])
  })

  it('counts from the moment the last member left', () => {
    const { room, run, ends } = timed()
    run(500)
    room.join(player(1))
    room.join(player(2))
    run(5_000)
    room.leave(1, 'left')
    run(5_000)
    room.leave(2, 'left')
    run(900)
    expect(ends).toEqual([])
    run(100)
    expect(ends).toEqual([{ reason: 'empty' }])
  })

  it('does not count a refused join as somebody', () => {
    const { room, run, ends } = world({
      init: () => init({ tickHz: 10, emptyTimeoutMs }),
      joinAttempt: () => 'no',
    })
    run(900)
    room.join(player(1))
    run(100)
    expect(ends).toEqual([{ reason: 'empty' }])
  })

  it('lives for ever when the timeout is 0', () => {
    const { run, ends } = world({ init: () => init({ tickHz: 1, emptyTimeoutMs: 0 }) })
    run(3_600_000)
    expect(ends).toEqual([])
  })
})

describe('draining', () => {
  it('ends at once, with the reason, when match_terminate has nothing more to do', () => {
    const { room, story, ends } = world({ terminate: () => false })
    room.drain('shutdown', 5)
    expect(story).toEqual(['terminate 5', 'close', 'ended shutdown'])
    expect(ends).toEqual([{ reason: 'shutdown' }])
  })

  it('ticks on for the grace time when match_terminate wants that', () => {
    const { room, run, story, ends } = world({ terminate: () => true })
    room.drain('closed', 0.25)
    expect(room.state).toBe('draining')
    run(1_000)
    expect(story).toEqual(['terminate 0.25', 'loop 1', 'loop 2', 'close', 'ended closed'])
    expect(ends).toEqual([{ reason: 'closed' }])
  })

  it('ends before the grace is over when match_loop says so, still with the reason of the drain', () => {
    const { room, run, ends } = world({ terminate: () => true, loop: ({ tick }) => tick < 2 })
    room.drain('shutdown', 60)
    run(1_000)
    expect(ends).toEqual([{ reason: 'shutdown' }])
  })

  it('gives no grace of 0 seconds', () => {
    const { room, ends } = world({ terminate: () => true })
    room.drain('closed', 0)
    expect(ends).toEqual([{ reason: 'closed' }])
  })

  it('asks match_terminate once', () => {
    const { room, story } = world({ terminate: () => true })
    room.drain('closed', 5)
    room.drain('shutdown', 5)
    expect(story).toEqual(['terminate 5'])
  })

  it('keeps the members, their input and their leaving until the end', () => {
    const { room, run, story } = world({
      terminate: () => true,
      loop: (_, inputs) => {
        for (const one of inputs) story.push(`input ${one.member}`)
        return true
      },
    })
    room.join(player(1))
    story.length = 0
    room.drain('closed', 5)
    room.input(1, input('x'))
    run(PERIOD_MS)
    room.leave(1, 'left')
    expect(story).toEqual(['terminate 5', 'loop 1', 'input 1', 'leave 1 left'])
  })

  it('ends as failed when match_terminate throws and the policy is "end"', () => {
    const { room, ends } = world({ onScriptError: 'end', terminate: boom })
    room.drain('closed', 5)
    expect(ends).toEqual([{ reason: 'failed', error: 'match_terminate: boom' }])
  })

  it('ends without grace when match_terminate throws and the policy is "continue"', () => {
    const { room, ends } = world({ onScriptError: 'continue', terminate: boom })
    room.drain('closed', 5)
    expect(ends).toEqual([{ reason: 'closed' }])
  })

  it('does nothing to a room that has ended', () => {
    const { room, story } = world()
    room.close()
    story.length = 0
    room.drain('closed', 5)
    expect(story).toEqual([])
  })
})

describe('closing', () => {
  it('ends the room once, without asking the script', () => {
    const { room, story } = world()
    room.join(player(1))
    story.length = 0
    room.close()
    room.close()
    expect(story).toEqual(['close', 'ended closed'])
    expect([room.state, room.size]).toEqual(['closed', 0])
  })
})
