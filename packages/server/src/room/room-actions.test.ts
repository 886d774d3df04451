import { type KaosError, WireLimits } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import type { SessionId } from '../ids.ts'
import type { OutgoingRoomData } from '../script/script-services.ts'
import {
  init,
  PERIOD_MS,
  player,
  type RoomWorld,
  type RoomWorldOptions,
  roomWorld,
} from '../testing/room-world.ts'
import { TickPhases } from './tick-phases.ts'

const STRANGER = 'ffffffffffffffff' as SessionId
const session = (member: number): SessionId => player(member).sessionId

function kaosError(error: KaosError['error']): unknown {
  return expect.objectContaining({ error })
}

function data(options: Partial<OutgoingRoomData> = {}): OutgoingRoomData {
  return {
    op: 9,
    data: new Uint8Array([1, 2]),
    isMessagePack: false,
    isReliable: true,
    sender: undefined,
    receivers: undefined,
    ...options,
  }
}

/** A room with members 1 and 2, and nothing told yet. */
function world(options: RoomWorldOptions = {}): RoomWorld {
  const all = roomWorld(options)
  all.room.join(player(1))
  all.room.join(player(2))
  all.story.length = 0
  return all
}

describe('kicking a member', () => {
  it('is told to the host once; the member stays in until the host takes it out', () => {
    const { room, story } = world()
    expect([room.kick(session(1), 'cheating'), room.kick(session(1), 'again')]).toEqual([true, false])
    expect([story, room.size]).toEqual([['kicked 1: cheating'], 2])
    room.leave(1, 'kicked')
    expect([story.at(-1), room.size]).toEqual(['leave 1 kicked', 1])
  })

  it('says when the session is no member, or no more', () => {
    const { room, story } = world()
    expect(room.kick(STRANGER, '')).toBe(false)
    room.leave(1, 'left')
    story.length = 0
    expect(room.kick(session(1), '')).toBe(false)
    expect(story).toEqual([])
  })

  it('reaches the seat that a session has now, when it was kicked before and came back', () => {
    const { room, story } = world()
    room.kick(session(1), 'first')
    room.leave(1, 'kicked')
    room.join({ ...player(1), member: 3 })
    story.length = 0
    expect(room.kick(session(1), 'second')).toBe(true)
    expect(story).toEqual(['kicked 3: second'])
  })

  it('from within a callback is told at once, and match_leave comes after the callback', () => {
    const all: RoomWorld = world({
      loop: () => {
        all.room.kick(session(1), 'cheating')
        all.room.leave(1, 'kicked')
        all.story.push('end of loop')
        return true
      },
    })
    all.run(PERIOD_MS)
    expect(all.story).toEqual(['loop 1', 'kicked 1: cheating', 'end of loop', 'leave 1 kicked'])
  })

  it('is impossible in a room that has ended', () => {
    const { room, story } = world()
    room.close()
    story.length = 0
    expect([room.kick(session(1), ''), story]).toEqual([false, []])
  })
})

describe('sending', () => {
  it('goes to all, or to the members that are named, by their numbers', () => {
    const { room, story } = world()
    room.send(data())
    room.send(data({ isReliable: false, receivers: [session(2), STRANGER] }))
    expect(story.map((line) => line.replace(/^data \d+/, 'data'))).toEqual([
      'data reliable to all',
      'data unreliable to 2',
    ])
  })

  it('from within match_join comes after the client was told of its seat, and reaches it', () => {
    const all: RoomWorld = roomWorld({
      join: () => all.room.send(data({ receivers: [session(7)] })),
    })
    all.room.join(player(7))
    expect(all.story.map((line) => line.replace(/^data \d+/, 'data'))).toEqual([
      'attempt 7',
      'accepted 7',
      'join 7',
      'data reliable to 7',
    ])
  })

  it('no longer reaches who has left', () => {
    const { room, story } = world()
    room.leave(1, 'left')
    story.length = 0
    room.send(data({ receivers: [session(1), session(2)] }))
    expect(story.map((line) => line.replace(/^data \d+/, 'data'))).toEqual(['data reliable to 2'])
  })

  it('is refused when the data is too large', () => {
    const { room, story } = world()
    expect(() => room.send(data({ data: new Uint8Array(65_530) }))).toThrow(kaosError('PAYLOAD_TOO_LARGE'))
    expect(story).toEqual([])
  })
})

describe('publishing the state', () => {
  it('is told to the host, also from within match_init', () => {
    const all: RoomWorld = roomWorld({
      isStarted: false,
      init: () => {
        all.room.publishState(new Uint8Array(3), false)
        return init({ tickHz: 10 })
      },
    })
    void all.room.start({}, new TickPhases())
    all.room.publishState(new Uint8Array(13), true)
    const [first, early, late, ...rest] = all.story
    expect([first, early?.startsWith('state '), late?.startsWith('state '), rest]).toEqual([
      'init',
      true,
      true,
      [],
    ])
    // The frames differ by what they carry.
    expect(Number(late?.slice(6)) - Number(early?.slice(6))).toBe(10)
  })

  it('is refused when it is too large', () => {
    const { room, story } = world()
    expect(() => room.publishState(new Uint8Array(65_530), false)).toThrow(kaosError('PAYLOAD_TOO_LARGE'))
    expect(story).toEqual([])
  })
})

describe('the label of a room', () => {
  it('may change at any time, and is told with the other traits', () => {
    const { room, story } = world()
    room.updateLabel('last round')
    expect(story).toEqual(['label last round'])
    expect(room.view()).toMatchObject({ label: 'last round', tickHz: 10, maxPlayers: 8, version: 'v1' })
  })

  it('is bounded, and stays as it was when the new one is too long', () => {
    const { room, story } = world()
    const longest = '€'.repeat(WireLimits.labelBytes / 3) + 'x'.repeat(WireLimits.labelBytes % 3)
    room.updateLabel(longest)
    expect(() => room.updateLabel(`${longest}x`)).toThrow(kaosError('INVALID_PAYLOAD'))
    expect([room.view().label, story]).toEqual([longest, [`label ${longest}`, 'label refused']])
  })
})

describe('the view of a room', () => {
  it('says what it is and who is in it now', () => {
    const { room, clock } = world()
    const createdUnixMs = clock.unixMs()
    clock.stall(5_000)
    room.leave(2, 'left')
    expect(room.view()).toEqual({
      roomId: room.id,
      module: 'game',
      label: 'test',
      state: 'running',
      size: 1,
      maxPlayers: 8,
      tickHz: 10,
      createdUnixMs,
      version: 'v1',
    })
  })

  it('follows the room from its creation to its end', () => {
    const seen: string[] = []
    const all: RoomWorld = roomWorld({
      isStarted: false,
      init: () => {
        seen.push(all.room.view().state)
        return init({})
      },
      terminate: () => true,
    })
    void all.room.start({}, new TickPhases())
    seen.push(all.room.view().state)
    all.room.drain('closed', 5)
    seen.push(all.room.view().state)
    all.room.close()
    seen.push(all.room.view().state)
    expect(seen).toEqual(['creating', 'running', 'draining', 'closed'])
  })

  it('gives what the script state holds and has used, or nothing where the language cannot tell', () => {
    expect(world({ usage: { memoryBytes: 5, instructions: 6 } }).room.usage).toEqual({
      memoryBytes: 5,
      instructions: 6,
    })
    expect(world().room.usage).toEqual({ memoryBytes: 0, instructions: 0 })
  })
})
