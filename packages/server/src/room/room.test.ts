import { describe, expect, it } from 'vitest'
import { type RoomWorld, boom, init, input, PERIOD_MS, player, roomWorld } from '../testing/room-world.ts'
import { TickPhases } from './tick-phases.ts'

describe('a room that starts', () => {
  it('is creating until match_init has said what it is, and running afterwards', () => {
    const given: unknown[] = []
    const { room, story } = roomWorld({
      isStarted: false,
      init: (params) => {
        given.push(params)
        return init({ tickHz: 29.97, label: 'arena', maxPlayers: 50 })
      },
    })
    expect(room.state).toBe('creating')
    expect(room.start({ map: 'dust' }, new TickPhases())).toEqual({
      label: 'arena',
      tickHz: 29.97,
      maxPlayers: 50,
      version: 'v1',
    })
    expect(given).toEqual([{ map: 'dust' }])
    expect([room.state, story]).toEqual(['running', ['init']])
  })

  it('takes the defaults for what match_init leaves open', () => {
    const { room } = roomWorld({ isStarted: false, init: () => init({}) })
    expect(room.start({}, new TickPhases())).toEqual({ label: '', tickHz: 20, maxPlayers: 8, version: 'v1' })
  })

  it('is due one period after its start, delayed to the next moment of its phase', () => {
    const phases = new TickPhases()
    const dues = Array.from({ length: 3 }, () => roomWorld({ phases }).room.nextDueMs)
    expect(dues).toEqual([1_100, 1_150, 1_125])
  })

  it('gives its phase back when it ends', () => {
    const phases = new TickPhases()
    const rooms = Array.from({ length: 3 }, () => roomWorld({ phases }).room)
    rooms[1]?.close()
    expect(roomWorld({ phases }).room.nextDueMs).toBe(1_150)
  })

  it.each([1, 1.5, 23.976, 127.5, 128])('may tick at %d Hz', (tickHz) => {
    const { room } = roomWorld({ isStarted: false, init: () => init({ tickHz }) })
    expect(room.start({}, new TickPhases())).toMatchObject({ tickHz })
  })

  it.each([0, 0.99, 128.01, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'has failed when match_init asks for %d Hz',
    (tickHz) => {
      const { room, ends } = roomWorld({ isStarted: false, init: () => init({ tickHz }) })
      expect(room.start({}, new TickPhases())).toBeUndefined()
      expect(ends).toEqual([
        { reason: 'init-failed', error: `tick_rate must be from 1 to 128 Hz, got ${tickHz}` },
      ])
    },
  )

  it('ends with the script’s error when match_init throws', () => {
    const { room, story, ends } = roomWorld({ isStarted: false, init: boom })
    expect(room.start({}, new TickPhases())).toBeUndefined()
    expect(story).toEqual(['init', 'failed match_init: boom', 'close', 'ended init-failed'])
    expect(ends).toEqual([{ reason: 'init-failed', error: 'boom' }])
    expect([room.state, room.nextDueMs]).toEqual(['closed', Number.POSITIVE_INFINITY])
  })
})

describe('a game that takes its input at once', () => {
  it('gets it with no tick in between, from members only, and no queue fills', () => {
    const heard: string[] = []
    const { room, story } = roomWorld({
      inputQueue: 1,
      receive: (from, { data }) => heard.push(`${from}: ${Buffer.from(data).toString()}`),
    })
    room.join(player(1))
    story.length = 0
    const refusals = [room.input(1, input('a')), room.input(1, input('b')), room.input(2, input('c'))]
    expect(refusals).toEqual([undefined, undefined, undefined])
    expect(heard).toEqual(['1: a', '1: b'])
    expect([room.queuedInputs, story]).toEqual([0, []])
  })
})

describe('joining', () => {
  it('asks match_join_attempt, tells the client, then calls match_join', () => {
    const { room, story } = roomWorld()
    room.join(player(7))
    expect(story).toEqual(['attempt 7', 'accepted 7', 'join 7'])
    expect(room.size).toBe(1)
  })

  it('passes on the reason of a refusal, or that there is none', () => {
    const { room, story } = roomWorld({ joinAttempt: ({ member }) => (member === 1 ? 'too late' : '') })
    room.join(player(1))
    room.join(player(2))
    expect(story).toEqual(['attempt 1', 'rejected 1: too late', 'attempt 2', 'rejected 2: undefined'])
    expect(room.size).toBe(0)
  })

  it.each(['end', 'continue'] as const)(
    'refuses when match_join_attempt throws, and the room goes on (policy %s)',
    (onScriptError) => {
      const { room, story } = roomWorld({ onScriptError, joinAttempt: boom })
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
    const { room, ends } = roomWorld({ onScriptError: 'end', join: boom })
    room.join(player(1))
    expect(ends).toEqual([{ reason: 'failed', error: 'match_join: boom' }])
    expect([room.state, room.size]).toEqual(['closed', 0])
  })

  it('leaves the member in when match_join throws and the policy is "continue"', () => {
    const { room, story } = roomWorld({ onScriptError: 'continue', join: boom })
    room.join(player(1))
    expect(story).toEqual(['attempt 1', 'accepted 1', 'join 1', 'failed match_join: boom'])
    expect([room.state, room.size]).toEqual(['running', 1])
  })

  it('is refused by a room that is ending', () => {
    const { room, story } = roomWorld({ terminate: () => true })
    room.drain('closed', 5)
    story.length = 0
    room.join(player(1))
    expect(story).toEqual(['rejected 1: the room is ending'])
  })

  it('calls match_leave after match_join for a member that is gone when its seat is confirmed', () => {
    const all = roomWorld({ onJoinAccepted: (member) => all.room.leave(member, 'dropped') })
    all.room.join(player(1))
    expect(all.story).toEqual(['attempt 1', 'accepted 1', 'join 1', 'leave 1 dropped'])
    expect(all.room.size).toBe(0)
  })

  it('lets match_join_attempt kick another member, also when it refuses', () => {
    const all = roomWorld({
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
    const all = roomWorld({ join: ({ member }) => all.room.leave(member, 'kicked') })
    all.room.join(player(1))
    expect(all.story).toEqual(['attempt 1', 'accepted 1', 'join 1', 'leave 1 kicked'])
  })
})

describe('leaving', () => {
  it('calls match_leave once, with the reason', () => {
    const { room, story } = roomWorld()
    room.join(player(1))
    story.length = 0
    room.leave(1, 'left')
    room.leave(1, 'left')
    room.leave(99, 'left')
    expect(story).toEqual(['leave 1 left'])
  })

  it('ends the room when match_leave throws and the policy is "end"', () => {
    const { room, ends } = roomWorld({ onScriptError: 'end', leave: boom })
    room.join(player(1))
    room.leave(1, 'left')
    expect(ends).toEqual([{ reason: 'failed', error: 'match_leave: boom' }])
  })

  it('goes on when match_leave throws and the policy is "continue"', () => {
    const { room } = roomWorld({ onScriptError: 'continue', leave: boom })
    room.join(player(1))
    room.leave(1, 'left')
    expect([room.state, room.size]).toEqual(['running', 0])
  })
})

describe('an empty room', () => {
  const emptyTimeoutMs = 1_000
  const timed = (): RoomWorld => roomWorld({ init: () => init({ tickHz: 10, emptyTimeoutMs }) })

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
    const { room, run, ends } = roomWorld({
      init: () => init({ tickHz: 10, emptyTimeoutMs }),
      joinAttempt: () => 'no',
    })
    run(900)
    room.join(player(1))
    run(100)
    expect(ends).toEqual([{ reason: 'empty' }])
  })

  it('lives for ever when the timeout is 0', () => {
    const { run, ends } = roomWorld({ init: () => init({ tickHz: 1, emptyTimeoutMs: 0 }) })
    run(3_600_000)
    expect(ends).toEqual([])
  })
})

describe('draining', () => {
  it('ends at once, with the reason, when match_terminate has nothing more to do', () => {
    const { room, story, ends } = roomWorld({ terminate: () => false })
    room.drain('shutdown', 5)
    expect(story).toEqual(['terminate 5', 'close', 'ended shutdown'])
    expect(ends).toEqual([{ reason: 'shutdown' }])
  })

  it('ticks on for the grace time when match_terminate wants that', () => {
    const { room, run, story, ends } = roomWorld({ terminate: () => true })
    room.drain('closed', 0.25)
    expect(room.state).toBe('draining')
    run(1_000)
    expect(story).toEqual(['terminate 0.25', 'loop 1', 'loop 2', 'close', 'ended closed'])
    expect(ends).toEqual([{ reason: 'closed' }])
  })

  it('ends before the grace is over when match_loop says so, still with the reason of the drain', () => {
    const { room, run, ends } = roomWorld({ terminate: () => true, loop: ({ tick }) => tick < 2 })
    room.drain('shutdown', 60)
    run(1_000)
    expect(ends).toEqual([{ reason: 'shutdown' }])
  })

  it('gives no grace of 0 seconds', () => {
    const { room, ends } = roomWorld({ terminate: () => true })
    room.drain('closed', 0)
    expect(ends).toEqual([{ reason: 'closed' }])
  })

  it('asks match_terminate once', () => {
    const { room, story } = roomWorld({ terminate: () => true })
    room.drain('closed', 5)
    room.drain('shutdown', 5)
    expect(story).toEqual(['terminate 5'])
  })

  it('keeps the members, their input and their leaving until the end', () => {
    const { room, run, story } = roomWorld({
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
    const { room, ends } = roomWorld({ onScriptError: 'end', terminate: boom })
    room.drain('closed', 5)
    expect(ends).toEqual([{ reason: 'failed', error: 'match_terminate: boom' }])
  })

  it('ends without grace when match_terminate throws and the policy is "continue"', () => {
    const { room, ends } = roomWorld({ onScriptError: 'continue', terminate: boom })
    room.drain('closed', 5)
    expect(ends).toEqual([{ reason: 'closed' }])
  })

  it('does nothing to a room that has ended', () => {
    const { room, story } = roomWorld()
    room.close()
    story.length = 0
    room.drain('closed', 5)
    expect(story).toEqual([])
  })
})

describe('closing', () => {
  it('ends the room once, without asking the script', () => {
    const { room, story } = roomWorld()
    room.join(player(1))
    story.length = 0
    room.close()
    room.close()
    expect(story).toEqual(['close', 'ended closed'])
    expect([room.state, room.size]).toEqual(['closed', 0])
  })
})
