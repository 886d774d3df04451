import { KaosError } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { boom, input, PERIOD_MS, player, roomWorld } from '../testing/room-world.ts'
import type { QueuedInput, TickInfo } from './match-handler.ts'

describe('input', () => {
  it('reaches the next tick in the order it came, once, with the time it came at', () => {
    const seen: string[][] = []
    const { room, clock, run } = roomWorld({
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
    const { room, run } = roomWorld({
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
    const { room, run } = roomWorld({
      inputQueue: 3,
      loop: (_, inputs) => {
        counts.push(inputs.length)
        return true
      },
    })
    room.join(player(1))
    const busy = { error: 'ROOM_BUSY' }
    expect(Array.from({ length: 5 }, () => room.input(1, input('x')))).toEqual([
      undefined,
      undefined,
      undefined,
      busy,
      busy,
    ])
    expect(room.queuedInputs).toBe(3)
    run(PERIOD_MS)
    expect(room.queuedInputs).toBe(0)
    expect(room.input(1, input('y'))).toBeUndefined()
    run(PERIOD_MS)
    expect(counts).toEqual([3, 1])
  })

  it('of somebody who is no member, or for a room that has ended, is ignored without a complaint', () => {
    const { room, story, run } = roomWorld({ loop: (_, inputs) => inputs.length === 0 })
    room.join(player(1))
    room.leave(1, 'left')
    expect(room.input(1, input('late'))).toBeUndefined()
    expect(room.queuedInputs).toBe(0)
    run(PERIOD_MS)
    expect(room.state).toBe('running')
    room.close()
    expect(room.input(1, input('later'))).toBeUndefined()
    expect(story.at(-1)).toBe('ended closed')
  })

  it('that comes while match_loop runs waits for the tick after', () => {
    const counts: number[] = []
    const all = roomWorld({
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
    const { run, ticks } = roomWorld({ loop: (info) => infos.push({ ...info }) > 0 })
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
    const { clock, room, run, ticks } = roomWorld({ loop: (info) => infos.push({ ...info }) > 0 })
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
    const all = roomWorld({
      loop: () => {
        all.clock.stall(12)
        return true
      },
    })
    all.run(PERIOD_MS)
    expect(all.ticks).toEqual([{ latenessMs: 0, durationMs: 12, skipped: 0 }])
  })

  it('ends as finished when match_loop says so', () => {
    const { room, run, story, ends } = roomWorld({ loop: ({ tick }) => tick < 3 })
    run(10 * PERIOD_MS)
    expect(story).toEqual(['loop 1', 'loop 2', 'loop 3', 'close', 'ended finished'])
    expect(ends).toEqual([{ reason: 'finished' }])
    expect(room.nextDueMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('ends with the error when match_loop throws and the policy is "end"', () => {
    const { room, run, story, ends } = roomWorld({ onScriptError: 'end', loop: boom })
    run(5 * PERIOD_MS)
    expect(story).toEqual(['loop 1', 'failed match_loop: boom', 'close', 'ended failed'])
    expect(ends).toEqual([{ reason: 'failed', error: 'match_loop: boom' }])
    expect(room.nextDueMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('ticks on when match_loop throws and the policy is "continue"', () => {
    const { room, run, story } = roomWorld({
      onScriptError: 'continue',
      loop: ({ tick }) => (tick === 2 ? boom() : true),
    })
    run(3 * PERIOD_MS)
    expect(story).toEqual(['loop 1', 'loop 2', 'failed match_loop: boom', 'loop 3'])
    expect(room.state).toBe('running')
  })

  it('does nothing once the room has ended', () => {
    const { room, clock, story } = roomWorld()
    room.close()
    story.length = 0
    room.runTick(clock.nowMs() + 1_000)
    expect(story).toEqual([])
  })
})

describe('commands from within a callback', () => {
  it('wait until the callback is done', () => {
    const all = roomWorld({
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
    const all = roomWorld({
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
    const all = roomWorld({
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
    const all = roomWorld({
      loop: () => {
        all.room.drain('closed', 0)
        return true
      },
    })
    all.run(3 * PERIOD_MS)
    expect(all.story).toEqual(['loop 1', 'terminate 0', 'close', 'ended closed'])
  })

  it('are dropped when the callback ends the room', () => {
    const all = roomWorld({
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
    const { room } = roomWorld({ signal: (data) => `got ${String(data)}` })
    expect(room.signal('ping')).toBe('got ping')
  })

  it('fail for whoever asked when match_signal throws, and the room goes on', () => {
    const { room, story } = roomWorld({ onScriptError: 'end', signal: boom })
    expect(() => room.signal('x')).toThrow('boom')
    expect(story).toEqual(['signal x', 'failed match_signal: boom'])
    expect(room.state).toBe('running')
  })

  it('are refused within a callback of the same room', () => {
    const seen: unknown[] = []
    const all = roomWorld({
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
    const { room } = roomWorld()
    room.close()
    expect(() => room.signal('x')).toThrow(new KaosError('ROOM_CLOSED'))
  })

  it('let match_signal kick a member', () => {
    const all = roomWorld({ signal: () => all.room.leave(1, 'kicked') })
    all.room.join(player(1))
    all.story.length = 0
    all.room.signal('kick')
    expect(all.story).toEqual(['signal kick', 'leave 1 kicked'])
  })
})
