import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RoomId, SessionId } from '../ids.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { checkProperty } from '../testing/property.ts'
import type { MatchHandler } from './match-handler.ts'
import { Room } from './room.ts'
import { TickPhases } from './tick-phases.ts'

/** What may befall a room, from outside or from within one of its callbacks. `who` picks one of those who ever joined. */
const befalls = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('join' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('leave' as const), who: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kick' as const), who: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('input' as const), who: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('tick' as const), lateMs: fc.nat({ max: 300 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('signal' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('drain' as const), graceSeconds: fc.constantFrom(0, 0.15) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
)
/** What a callback does: mostly nothing. */
const deed = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: befalls.filter(({ kind }) => kind !== 'tick') },
  { weight: 1, arbitrary: fc.constant('throw' as const) },
  { weight: 1, arbitrary: fc.constant('say no' as const) },
)

type Befalls = typeof befalls extends fc.Arbitrary<infer T> ? T : never
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

const INPUT_QUEUE = 3

function sessionOf(member: number): SessionId {
  return member.toString(16).padStart(16, '0') as SessionId
}

/** Runs one script and notes every breach of what a room promises. */
class RoomLife {
  readonly breaches: string[] = []
  readonly #clock = new ManualClock()
  readonly #room: Room
  readonly #deeds: Deed[]
  readonly #inside = new Set<number>()
  readonly #accepted = new Set<number>()
  readonly #kicked = new Set<number>()
  readonly #lastInput = new Map<number, number>()
  #lastMember = 0
  #lastInputNumber = 0
  #lastTick = 0
  #depth = 0
  #isHandlerClosed = false
  #ends = 0

  constructor(deeds: readonly Deed[], onScriptError: 'end' | 'continue') {
    this.#deeds = [...deeds]
    this.#room = new Room({
      id: '00000000-0000-4000-8000-000000000001' as RoomId,
      module: 'game',
      createdUnixMs: 0,
      handler: this.#handler(),
      clock: this.#clock,
      defaults: {
        tickHz: 10,
        maxPlayers: 8,
        emptyTimeoutMs: 700,
        inputQueue: INPUT_QUEUE,
        labelBytes: 2_048,
      },
      isFatal: () => onScriptError === 'end',
      observer: {
        joinAccepted: (member) => {
          this.#accepted.add(member)
          this.#expect(this.#ends === 0, 'a join was accepted after the end')
        },
        joinRejected: (member) => this.#expect(!this.#accepted.has(member), 'accepted and rejected'),
        scriptFailed: () => {},
        kicked: (member) => {
          this.#expect(this.#accepted.has(member), 'somebody was kicked who was never let in')
          this.#expect(!this.#kicked.has(member), 'kicked twice')
          this.#kicked.add(member)
          // As the node does, at once and from within the callback.
          this.#room.leave(member, 'kicked')
        },
        traitsChanged: () => {},
        labelRefused: () => {},
        ended: () => {
          this.#ends++
          this.#expect(this.#ends === 1, 'ended twice')
          this.#expect(this.#isHandlerClosed, 'ended with an open handler')
        },
      },
      ticks: { ticked: () => {} },
      sink: { data: () => {}, state: () => {} },
    })
    void this.#room.start({}, new TickPhases())
  }

  befall(action: Befalls): void {
    const room = this.#room
    switch (action.kind) {
      case 'join': {
        const member = ++this.#lastMember
        room.join({
          member,
          sessionId: sessionOf(member),
          userId: '',
          username: '',
          metadata: undefined,
        })
        return
      }
      case 'leave':
        return room.leave(this.#pick(action.who), 'left')
      case 'kick':
        room.kick(sessionOf(this.#pick(action.who)), '')
        return
      case 'input': {
        const data = Buffer.alloc(4)
        data.writeUInt32LE(++this.#lastInputNumber)
        room.input(this.#pick(action.who), { op: 0, data, isReliable: true, isMessagePack: false })
        return
      }
      case 'tick':
        if (room.state === 'closed') return
        this.#clock.stall(Math.max(0, room.nextDueMs - this.#clock.nowMs()) + action.lateMs)
        return room.runTick(this.#clock.nowMs())
      case 'signal':
        try {
          room.signal(undefined)
        } catch {
          // It tells whoever signals.
        }
        return
      case 'drain':
        return room.drain('closed', action.graceSeconds)
      case 'close':
        return room.close()
      default:
        return action satisfies never
    }
  }

  finish(): void {
    this.#room.close()
    this.#expect(this.#ends === 1, 'never ended')
    this.#expect(this.#isHandlerClosed, 'never closed its handler')
    this.#expect(this.#room.size === 0, 'kept members after its end')
  }

  #handler(): MatchHandler {
    return {
      version: 'v1',
      canUpgrade: false,
      exportState: () => ({ state: undefined, presences: undefined }),
      upgrade: () => {},
      init: () => ({ tickHz: 10, label: '', maxPlayers: undefined, emptyTimeoutMs: undefined }),
      joinAttempt: () => this.#callback((isNo) => (isNo ? 'no' : undefined)),
      join: ({ member }) => {
        this.#expect(this.#accepted.has(member), 'match_join before the client knew')
        this.#expect(!this.#inside.has(member), 'match_join twice')
        this.#inside.add(member)
        this.#callback(() => {})
      },
      leave: ({ member }) => {
        this.#expect(this.#inside.delete(member), 'match_leave of somebody who is not in')
        this.#callback(() => {})
      },
      loop: ({ tick, skipped }, inputs) => {
        this.#expect(tick === this.#lastTick + 1 + skipped, 'a tick is missing')
        this.#lastTick = tick
        this.#expect(inputs.length <= INPUT_QUEUE, 'more inputs than the queue holds')
        for (const { member, data } of inputs) {
          const number = Buffer.from(data).readUInt32LE(0)
          this.#expect(number > (this.#lastInput.get(member) ?? 0), 'inputs twice or out of order')
          this.#lastInput.set(member, number)
        }
        return this.#callback((isNo) => !isNo)
      },
      signal: () => this.#callback(() => undefined),
      terminate: () => this.#callback((isNo) => !isNo),
      close: () => {
        this.#expect(!this.#isHandlerClosed, 'closed twice')
        this.#expect(this.#depth === 0, 'closed within a callback')
        this.#isHandlerClosed = true
      },
    }
  }

  #callback<T>(answer: (isNo: boolean) => T): T {
    this.#expect(!this.#isHandlerClosed, 'a callback after close')
    this.#expect(this.#depth === 0, 'a callback within a callback')
    this.#depth++
    try {
      const deed = this.#deeds.shift()
      if (deed === 'throw') throw new Error('boom')
      if (deed !== undefined && deed !== 'say no') this.befall(deed)
      return answer(deed === 'say no')
    } finally {
      this.#depth--
    }
  }

  #pick(who: number): number {
    return (who % (this.#lastMember + 1)) + 1
  }

  #expect(isKept: boolean, breach: string): void {
    if (!isKept) this.breaches.push(breach)
  }
}

describe('the life of a room', () => {
  it('keeps its promises whatever befalls it, whatever its script does', () => {
    const script = fc.record({
      events: fc.array(befalls, { maxLength: 60, size: 'max' }),
      deeds: fc.array(deed, { maxLength: 60, size: 'max' }),
      onScriptError: fc.constantFrom('end' as const, 'continue' as const),
    })
    checkProperty(
      fc.property(script, ({ events, deeds, onScriptError }) => {
        const life = new RoomLife(deeds, onScriptError)
        for (const action of events) life.befall(action)
        life.finish()
        expect(life.breaches).toEqual([])
      }),
      1_500,
    )
  })
})
