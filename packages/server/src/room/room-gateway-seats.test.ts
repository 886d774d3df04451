import { decodeServerPayload } from '@kaosnet/protocol'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { RoomId } from '../ids.ts'
import type { Session } from '../session/session.ts'
import type { FakeConnection } from '../testing/fake-connection.ts'
import { type GatewayWorld, gatewayWorld } from '../testing/gateway-world.ts'
import { checkProperty } from '../testing/property.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import type { TestSession } from '../testing/test-session.ts'
import type { RoomRecord, Seat } from './room-record.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

const SESSIONS = 5
const ROOMS = 3
const MAX_PLAYERS = 3
const ROOMS_PER_SESSION = 2

const session = fc.nat({ max: SESSIONS - 1 })
const room = fc.nat({ max: ROOMS - 1 })
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('join' as const), session, room }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(), isAccepted: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('leave' as const), session, room }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kick' as const), session, room }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('vanish' as const), session }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), room }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('start' as const), room }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('book' as const), session, room, isOpen: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('redeem' as const), session, which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), forMs: fc.constantFrom(4_000, 11_000) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lock' as const), room, isLocked: fc.boolean() }) },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Players and rooms that come and go at random, and everything that must hold whatever they do. */
class Traffic {
  readonly world: GatewayWorld = gatewayWorld(metrics, { limits: { roomsPerSession: ROOMS_PER_SESSION } })
  readonly #players: TestSession[] = Array.from({ length: SESSIONS }, () => this.world.connect())
  readonly #everyPlayer: TestSession[] = [...this.#players]
  readonly #rooms: RoomRecord[] = Array.from({ length: ROOMS }, () => this.#create())
  readonly #asked = new Map<TestSession, number[]>()
  /** Joins the host has not answered. */
  #open: { roomId: RoomId; member: number }[] = []
  readonly #reservations: { roomId: RoomId; reservation: string }[] = []
  /** Members by room, as the host must believe. */
  readonly #inside = new Map<RoomId, Set<number>>()

  run(action: Step): void {
    const { gateway, sessions } = this.world
    switch (action.kind) {
      case 'join': {
        const player = this.#player(action.session)
        this.#try(() => this.#remember(player, this.world.ask(player.session, this.#room(action.room).id)))
        break
      }
      case 'answer': {
        const [answered] = this.#open.splice(action.which % Math.max(1, this.#open.length), 1)
        if (answered === undefined) break
        if (action.isAccepted) this.#accept(answered)
        else gateway.joinRejected(answered.roomId, answered.member, undefined)
        break
      }
      case 'leave': {
        const { session } = this.#player(action.session)
        const membership = session.membershipOf(this.#room(action.room).id)
        if (membership !== undefined) this.#try(() => gateway.leave(session, 0, membership.handle))
        break
      }
      case 'kick':
        gateway.kick(this.#room(action.room).id, this.#player(action.session).session.id, '')
        break
      case 'vanish': {
        const player = this.#player(action.session)
        player.session.markEnded()
        gateway.dropSession(player.session, 'dropped')
        sessions.delete(player.session.id)
        player.peer.markClosed()
        const next = this.world.connect()
        this.#players[action.session] = next
        this.#everyPlayer.push(next)
        break
      }
      case 'end': {
        const { id } = this.#room(action.room)
        gateway.roomEnded(id, { reason: 'finished' })
        this.#open = this.#open.filter(({ roomId }) => roomId !== id)
        this.#rooms[action.room] = this.#create()
        break
      }
      case 'start':
        this.#start(this.#room(action.room))
        break
      case 'book': {
        const { id } = this.#room(action.room)
        const holder = action.isOpen ? undefined : this.#player(action.session).session.id
        this.#try(() => {
          const reservation = gateway.admission.reserve(id, holder, 8_000)
          this.#reservations.push({ roomId: id, reservation })
        })
        break
      }
      case 'redeem': {
        const held = this.#reservations[action.which % Math.max(1, this.#reservations.length)]
        if (held === undefined) break
        const player = this.#player(action.session)
        const { reservation, roomId } = held
        this.#try(() =>
          this.#remember(player, this.world.ask(player.session, roomId, undefined, { reservation })),
        )
        break
      }
      case 'wait':
        this.world.clock.advance(action.forMs)
        break
      case 'lock': {
        const one = this.#room(action.room)
        gateway.traitsChanged(one.id, { ...one.traits, isLocked: action.isLocked })
        break
      }
      default:
        action satisfies never
    }
    this.#noteCommands()
  }

  finish(): void {
    for (const one of this.#rooms) this.#start(one)
    this.#noteCommands()
    for (const open of this.#open) this.#accept(open)
    this.#open = []
    this.#noteCommands()
    this.world.clock.advance(60_000)
    this.#noteCommands()
    for (const one of this.#rooms) expect(one.seats.size).toBe(one.size)
  }

  check(): void {
    const live = new Set(this.#players.map(({ session }) => session))
    for (const one of this.#rooms) {
      if (one.phase !== 'creating') expect(one.seats.size).toBeLessThanOrEqual(MAX_PLAYERS)
      expect(one.size).toBe(occupiedMembers(one.seats).length)
      for (const [member, seat] of one.seats) {
        if (seat.kind === 'booked') continue
        if (!live.has(seat.session)) {
          expect(seat.kind).toBe('joining')
          continue
        }
        expect(seat.session.membershipOf(one.id)).toEqual({ roomId: one.id, handle: seat.handle, member })
      }
      expect(this.#inside.get(one.id) ?? new Set()).toEqual(new Set(occupiedMembers(one.seats)))
    }
    for (const { session, connection } of this.#players) {
      expect(session.roomCount).toBeLessThanOrEqual(ROOMS_PER_SESSION)
      const memberships = [...session.memberships]
      for (const { roomId, member } of memberships) {
        expect(this.#rooms.find(({ id }) => id === roomId)?.seats.get(member)).toMatchObject({ session })
      }
      expect(this.#clientsView(connection)).toEqual(this.#serversView(session))
    }
  }

  /** Every join that the gateway took was answered once, by a reply or by an error. */
  checkAnswers(): void {
    for (const player of this.#players) {
      const replies = player.connection.payloads('RoomJoin').map(({ id }) => id)
      const errors = player.connection.payloads('Error').map(({ id }) => id)
      const asked = this.#asked.get(player) ?? []
      expect([...replies, ...errors].sort((a, b) => a - b)).toEqual(asked)
    }
    for (const { connection } of this.#everyPlayer) {
      const ids = connection.payloads('RoomJoin').map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  }

  #create(): RoomRecord {
    const { gateway } = this.world
    return gateway.create('game', {}, undefined)
  }

  #start(one: RoomRecord): void {
    if (one.phase !== 'creating') return
    this.world.gateway.roomRunning(one.id, { label: '', tickHz: 10, maxPlayers: MAX_PLAYERS, version: 'v1' })
  }

  #accept({ roomId, member }: { roomId: RoomId; member: number }): void {
    const inside = this.#inside.get(roomId) ?? new Set()
    this.#inside.set(roomId, inside.add(member))
    this.world.gateway.joinAccepted(roomId, member)
  }

  /** What a host makes of the commands it was given since the last step. */
  #noteCommands(): void {
    for (const command of this.world.host.commands.splice(0)) {
      if (command.kind === 'join') {
        this.#open.push({ roomId: command.roomId, member: command.member.member })
      } else if (command.kind === 'leave') {
        expect(this.#inside.get(command.roomId)?.delete(command.member)).toBe(true)
      }
    }
  }

  #remember(player: TestSession, request: number): void {
    this.#asked.set(player, [...(this.#asked.get(player) ?? []), request])
  }

  /** Refusals by exception are the router's to answer. */
  #try(action: () => void): void {
    try {
      action()
    } catch (error) {
      expect(error).toMatchObject({ name: 'KaosError' })
    }
  }

  /** What a client makes of its frames: the members of each room it is in, by the room's handle. */
  #clientsView(connection: FakeConnection): [number, number[]][] {
    const rooms = new Map<number, Set<number>>()
    for (const { op, payload } of connection.sent) {
      if (op === 'RoomJoin') {
        const joined = decodeServerPayload(op, payload)
        rooms.set(joined.room, new Set(joined.members.map(({ member }) => member)))
      } else if (op === 'RoomPresence') {
        const { room, joins, leaves } = decodeServerPayload(op, payload)
        for (const { member } of joins) rooms.get(room)?.add(member)
        for (const { member } of leaves) expect(rooms.get(room)?.delete(member)).toBe(true)
      } else if (op === 'RoomLeave') {
        expect(rooms.delete(decodeServerPayload(op, payload).room)).toBe(true)
      }
    }
    return sortedView(Array.from(rooms, ([handle, members]) => [handle, [...members]]))
  }

  #serversView(session: Session): [number, number[]][] {
    const view: [number, number[]][] = []
    for (const { roomId, handle, member } of session.memberships) {
      const seats = this.#rooms.find(({ id }) => id === roomId)?.seats
      if (seats?.get(member)?.kind === 'occupied') view.push([handle, occupiedMembers(seats)])
    }
    return sortedView(view)
  }

  #player(index: number): TestSession {
    return this.#players[index] as TestSession
  }

  #room(index: number): RoomRecord {
    return this.#rooms[index] as RoomRecord
  }
}

function occupiedMembers(seats: ReadonlyMap<number, Seat>): number[] {
  return [...seats].filter(([, seat]) => seat.kind === 'occupied').map(([member]) => member)
}

function sortedView(view: [number, number[]][]): [number, number[]][] {
  for (const [, members] of view) members.sort((a, b) => a - b)
  return view.sort(([a], [b]) => a - b)
}

describe('seats', () => {
  it('stay within bounds, and hosts, sessions and clients agree on them, whatever players and rooms do', () => {
    checkProperty(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const traffic = new Traffic()
        for (const action of steps) {
          traffic.run(action)
          traffic.check()
        }
        traffic.finish()
        traffic.check()
        traffic.checkAnswers()
      }),
      60,
    )
  })
})
