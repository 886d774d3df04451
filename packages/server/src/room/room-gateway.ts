import { encodeRoomData, KaosError, type LeaveReason, Op, type Presence, WireLimits } from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { MemberNumber, RoomHandle, RoomId, SessionId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Random } from '../random.ts'
import type { OutgoingRoomData, RoomQuery } from '../script/script-services.ts'
import type { Session } from '../session/session.ts'
import type { SessionRegistry } from '../session/session-registry.ts'
import type { RoomPage } from './query/room-page.ts'
import {
  announce,
  announceAway,
  announceBack,
  deliver,
  deliverState,
  presenceOf,
  sayLeft,
  welcome,
} from './room-frames.ts'
import type { InputRefusal, RoomEnd, RoomHost, RoomHostEvents, RoomInput, RoomTraits } from './room-host.ts'
import { canonicalModule } from './module-name.ts'
import { type JoiningSeat, RoomAdmission } from './room-admission.ts'
import { RoomLimits } from './room-limits.ts'
import { type OccupiedSeat, RoomRecord } from './room-record.ts'
import type { RoomRegistry } from './room-registry.ts'

export interface RoomGatewayParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly sessions: SessionRegistry
  readonly rooms: RoomRegistry
  readonly host: RoomHost
}

/**
 * The I/O side of rooms: knows their members, passes commands to the host, and turns what the host tells into frames for
 * the members. Everything about one room travels on its own lane, so its join reply comes before its data.
 */
export class RoomGateway implements RoomHostEvents {
  readonly #parts: RoomGatewayParts
  readonly #limits: RoomLimits
  /** Lets sessions in; the gateway takes over when a room has agreed. */
  readonly admission: RoomAdmission
  #modules: ReadonlySet<string> = new Set()
  /** What takes members that are away out of their rooms. */
  readonly #windows = new Map<OccupiedSeat, TimerHandle>()
  #isShuttingDown = false
  #onAllEnded: () => void = () => {}

  constructor(parts: RoomGatewayParts) {
    this.#parts = parts
    this.#limits = new RoomLimits(parts)
    this.admission = new RoomAdmission({
      ...parts,
      limits: this.#limits,
      onAdmitted: (room, seat) => this.#admit(room, seat),
      onReplaced: (room, member) => {
        const error = new KaosError('SESSION_REPLACED', 'the user has joined with another session')
        this.#removeMember(room, member, 'replaced', { error })
      },
    })
  }

  /** Told when scripts are activated: names with slashes. */
  setModules(modules: ReadonlySet<string>): void {
    this.#modules = modules
  }

  /** @throws {KaosError} ROOM_MODULE_NOT_FOUND */
  requireModule(name: string): void {
    if (this.#modules.has(canonicalModule(name))) return
    throw new KaosError('ROOM_MODULE_NOT_FOUND', `there is no match module "${name}"`)
  }

  /** A room that may be joined. @throws {KaosError} ROOM_NOT_FOUND or ROOM_CLOSED */
  require(roomId: RoomId): RoomRecord {
    return this.#parts.rooms.require(roomId)
  }

  /**
   * @param facts Of the server's own, beside the params.
   * @throws {KaosError} ROOM_MODULE_NOT_FOUND, TOO_MANY_ROOMS, INVALID_PAYLOAD or SHUTTING_DOWN
   */
  create(name: string, params: unknown, createdBy: SessionId | undefined, facts?: object): RoomRecord {
    const { rooms, random, clock, host } = this.#parts
    if (this.#isShuttingDown) throw new KaosError('SHUTTING_DOWN')
    this.requireModule(name)
    const module = canonicalModule(name)
    this.#limits.checkParams(params)
    this.#limits.checkCreation(createdBy)
    const room = new RoomRecord(random.roomId(), module, clock.unixMs(), createdBy)
    rooms.add(room)
    const all = facts === undefined ? params : { ...(params as object), ...facts }
    host.createRoom({ id: room.id, module, params: all, createdUnixMs: room.createdUnixMs })
    return room
  }

  /** @throws {KaosError} ROOM_NOT_JOINED or ROOM_CLOSED */
  leave(session: Session, requestId: number, handle: RoomHandle): void {
    const { room, member } = this.#occupiedSeat(session, handle)
    this.#removeMember(room, member, 'left', { requestId })
  }

  /**
   * @param readAtMs When it was read from the network; not known of what a hook has changed
   * @throws {KaosError} ROOM_NOT_JOINED, ROOM_CLOSED or PAYLOAD_TOO_LARGE
   */
  input(session: Session, handle: RoomHandle, message: RoomInput, readAtMs?: number): void {
    const { room, member } = this.#occupiedSeat(session, handle)
    this.#limits.checkData(message.data)
    this.#parts.host.input(room.id, member, message, readAtMs)
  }

  /** The session is gone: its members leave every room. */
  dropSession(session: Session, reason: LeaveReason): void {
    for (const { roomId, member } of [...session.memberships]) {
      const room = this.#parts.rooms.find(roomId)
      if (room?.seats.get(member)?.kind === 'occupied') this.#removeMember(room, member, reason, {})
    }
    this.admission.sessionEnded(session)
  }

  /** A session has lost its connection: its seats are held. @returns how long its rooms want to wait for it */
  sessionAway(session: Session): number {
    let longestMs = 0
    for (const { roomId, member } of [...session.memberships]) {
      const room = this.#parts.rooms.find(roomId)
      const seat = room?.seats.get(member)
      if (room === undefined || seat?.kind !== 'occupied') continue
      longestMs = Math.max(longestMs, this.#memberAway(room, seat))
    }
    return longestMs
  }

  /** A session is back on a new connection, and has been sent what it had missed. */
  sessionBack(session: Session): void {
    for (const { roomId, member } of session.memberships) {
      const room = this.#parts.rooms.find(roomId)
      const seat = room?.seats.get(member)
      if (room === undefined || seat?.kind !== 'occupied') continue
      this.#closeWindow(seat)
      if (room.stateMissed.delete(member) && room.stateFrame !== undefined) {
        deliver(seat, room.stateFrame, 'reliable')
      }
      announceBack(room, member)
      this.#parts.host.resume(roomId, member)
    }
  }

  /** @returns how long the seat is held */
  #memberAway(room: RoomRecord, seat: OccupiedSeat): number {
    const { clock, config, host } = this.#parts
    const { member } = seat.presence
    const windowMs = room.traits.resumeWindowMs ?? config.session.resumeWindowMs
    if (windowMs === 0) {
      this.#removeMember(room, member, 'dropped', {})
      return 0
    }
    const expire = (): void => this.#removeMember(room, member, 'dropped', {})
    this.#windows.set(seat, clock.setTimer(expire, windowMs))
    announceAway(room, member)
    host.drop(room.id, member)
    return windowMs
  }

  #closeWindow(seat: OccupiedSeat): void {
    this.#windows.get(seat)?.cancel()
    this.#windows.delete(seat)
  }

  /** @throws {KaosError} INVALID_PAYLOAD for a query or a cursor that cannot be read */
  list(query: RoomQuery): RoomPage {
    const { module } = query
    const canonical = module === undefined ? query : { ...query, module: canonicalModule(module) }
    return this.#parts.rooms.list(canonical, WireLimits.roomsListed)
  }

  /** From now on nothing is created or joined; every room is told to end. Resolves when all have, or the grace is over. */
  async shutDown(graceSeconds: number): Promise<void> {
    this.#isShuttingDown = true
    this.admission.close()
    const { clock, host, rooms } = this.#parts
    for (const room of [...rooms]) {
      if (room.phase === 'running') room.phase = 'draining'
      host.endRoom(room.id, 'shutdown', graceSeconds)
    }
    if (rooms.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, graceSeconds * 1000)
      this.#onAllEnded = () => {
        timer.cancel()
        resolve()
      }
    })
    for (const room of [...rooms]) this.roomEnded(room.id, { reason: 'shutdown' })
  }

  // What scripts do to rooms of other hosts; to those of their own host they do it there.

  /** @throws {KaosError} ROOM_NOT_FOUND, ROOM_CLOSED or PAYLOAD_TOO_LARGE */
  send(roomId: RoomId, message: OutgoingRoomData): void {
    const room = this.#existing(roomId)
    const sender = message.sender === undefined ? 0 : (this.#memberOf(room, message.sender) ?? 0)
    const receivers = message.receivers?.flatMap((session) => this.#memberOf(room, session) ?? [])
    const { isReliable, isMessagePack, op, data } = message
    const frame = encodeRoomData({ room: 0, isReliable, isMessagePack, op, sender, data })
    this.roomData(roomId, frame, isReliable, receivers, this.#parts.clock.nowMs())
  }

  /** @throws {KaosError} ROOM_NOT_FOUND or ROOM_CLOSED */
  kick(roomId: RoomId, sessionId: SessionId, reason: string): boolean {
    const room = this.#existing(roomId)
    const member = this.#memberOf(room, sessionId)
    if (member === undefined || room.seats.get(member)?.kind !== 'occupied') return false
    this.memberKicked(roomId, member, reason)
    return true
  }

  // What the host tells.

  roomRunning(roomId: RoomId, traits: RoomTraits): void {
    const room = this.#parts.rooms.find(roomId)
    if (room === undefined) return
    room.traits = traits
    room.phase = this.#isShuttingDown ? 'draining' : 'running'
    this.admission.roomStarted(room)
    room.settleStart(undefined)
  }

  roomEnded(roomId: RoomId, end: RoomEnd): void {
    const room = this.#parts.rooms.find(roomId)
    if (room === undefined) return
    const wasCreating = room.phase === 'creating'
    room.phase = 'closed'
    this.#parts.rooms.delete(roomId)
    this.#parts.metrics.roomEnded(room.module, end.reason)
    this.#parts.logger.info(
      { roomId, module: room.module, reason: end.reason, error: end.error },
      'room ended',
    )
    const error = endError(end)
    this.admission.roomEnded(room, error ?? new KaosError('ROOM_CLOSED'))
    for (const member of [...room.seats.keys()]) {
      this.#removeMember(room, member, end.reason === 'shutdown' ? 'shutdown' : 'room_closed', {
        error: error ?? new KaosError('ROOM_CLOSED', 'the room has ended'),
        isRoomGone: true,
      })
    }
    if (wasCreating) room.settleStart(error ?? new KaosError('ROOM_CLOSED'))
    if (this.#parts.rooms.size === 0) this.#onAllEnded()
  }

  joinAccepted(roomId: RoomId, member: MemberNumber): void {
    const room = this.#parts.rooms.find(roomId)
    if (room !== undefined) this.admission.accepted(room, member)
  }

  joinRejected(roomId: RoomId, member: MemberNumber, reason: string | undefined): void {
    const room = this.#parts.rooms.find(roomId)
    if (room !== undefined) this.admission.rejected(room, member, new KaosError('ROOM_JOIN_REJECTED', reason))
  }

  inputRefused(roomId: RoomId, member: MemberNumber, { error, message }: InputRefusal): void {
    const seat = this.#parts.rooms.find(roomId)?.seats.get(member)
    if (error === 'ROOM_BUSY') this.#parts.metrics.limitHit('roomInputQueue')
    if (seat?.kind === 'occupied') {
      seat.session.link.sendError(new KaosError(error, message), Op.RoomData, 0)
    }
  }

  roomData(
    roomId: RoomId,
    frame: Uint8Array,
    isReliable: boolean,
    receivers: readonly MemberNumber[] | undefined,
    sentAtMs?: number,
  ): void {
    const seats = this.#parts.rooms.find(roomId)?.seats
    if (seats === undefined) return
    const delivery = isReliable ? 'reliable' : 'unreliable'
    if (sentAtMs !== undefined) {
      this.#parts.metrics.routing.queued(sentAtMs, receivers?.length ?? seats.size)
    }
    if (receivers === undefined) {
      for (const seat of seats.values()) deliver(seat, frame, delivery)
      return
    }
    for (const member of receivers) {
      const seat = seats.get(member)
      if (seat !== undefined) deliver(seat, frame, delivery)
    }
  }

  roomState(roomId: RoomId, frame: Uint8Array): void {
    const room = this.#parts.rooms.find(roomId)
    if (room === undefined) return
    // Kept for those who join later. Not slice(): that of a Buffer copies nothing.
    room.stateFrame = new Uint8Array(frame)
    for (const seat of room.seats.values()) deliverState(room, seat, room.stateFrame)
  }

  memberKicked(roomId: RoomId, member: MemberNumber, reason: string): void {
    const room = this.#parts.rooms.find(roomId)
    if (room === undefined) return
    this.#removeMember(room, member, 'kicked', { error: new KaosError('ROOM_KICKED', reason) })
  }

  traitsChanged(roomId: RoomId, traits: RoomTraits): void {
    const room = this.#parts.rooms.find(roomId)
    if (room !== undefined) room.traits = traits
  }

  /** A room has agreed: the joiner is told of it, and the others of the joiner. */
  #admit(room: RoomRecord, seat: JoiningSeat): void {
    const others: Presence[] = []
    for (const other of room.seats.values()) if (other.kind === 'occupied') others.push(presenceOf(other))
    const { member } = seat.presence
    const occupied = room.occupy(member, seat)
    welcome(room, seat, others)
    announce(room, member, [seat.presence], [])
    // The host tells this from within the room's work: what it sets off must not run inside of that.
    this.#parts.clock.defer(() => {
      seat.onSettled('accepted')
      // Its connection was lost while it was joining.
      if (seat.session.isAway && room.seats.get(member) === occupied && !this.#windows.has(occupied)) {
        this.#memberAway(room, occupied)
      }
    })
  }

  /** Takes a member out, tells it (if it is still there), the others and the host. */
  #removeMember(
    room: RoomRecord,
    member: MemberNumber,
    reason: LeaveReason,
    details: { requestId?: number; error?: KaosError; isRoomGone?: boolean },
  ): void {
    const seat = room.seats.get(member)
    if (seat?.kind !== 'occupied') return
    room.free(member)
    this.#closeWindow(seat)
    seat.session.removeMembership(seat.handle)
    sayLeft(seat, reason, details.requestId ?? 0, details.error)
    if (details.isRoomGone === true) return
    announce(room, member, [], [{ member, session: seat.session.id, reason }])
    this.#parts.host.leave(room.id, member, reason)
  }

  #occupiedSeat(session: Session, handle: RoomHandle): { room: RoomRecord; member: MemberNumber } {
    const membership = session.membership(handle)
    const room = membership === undefined ? undefined : this.#parts.rooms.find(membership.roomId)
    if (membership === undefined || room?.seats.get(membership.member)?.kind !== 'occupied') {
      // Late data for a room that is over is no fault of the client's.
      if (session.hasUsed(handle)) {
        throw new KaosError('ROOM_CLOSED', `the session is no longer in the room with handle ${handle}`)
      }
      throw new KaosError('ROOM_NOT_JOINED', `the session has joined no room with handle ${handle}`)
    }
    return { room, member: membership.member }
  }

  /** A room that scripts may still act on: unlike players, they have it until it has ended. */
  #existing(roomId: RoomId): RoomRecord {
    return this.#parts.rooms.find(roomId) ?? this.#parts.rooms.require(roomId)
  }

  #memberOf(room: RoomRecord, sessionId: SessionId): MemberNumber | undefined {
    return this.#parts.sessions.get(sessionId)?.membershipOf(room.id)?.member
  }
}

function endError(end: RoomEnd): KaosError | undefined {
  switch (end.reason) {
    case 'failed':
    case 'host-lost':
      return new KaosError('ROOM_FAILED', end.error)
    case 'init-failed':
      return new KaosError('ROOM_INIT_FAILED', end.error)
    case 'shutdown':
      return new KaosError('SHUTTING_DOWN')
    case 'finished':
    case 'empty':
    case 'closed':
      return undefined
    default:
      return end.reason satisfies never
  }
}
