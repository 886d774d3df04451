import { KaosError, type LeaveReason } from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { MemberNumber, RoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type {
  Joiner,
  RoomHost,
  RoomHostEvents,
  RoomInput,
  RoomSpec,
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from '../room/room-host.ts'
import { NO_SCRIPTS, type ScriptBundle } from '../script/loaded-scripts.ts'
import type { HostReport } from './host-report.ts'
import { HostSlot } from './host-slot.ts'
import { leastLoaded } from './placement.ts'

export interface RoomHostsParts {
  readonly count: number
  readonly clock: Clock
  readonly logger: Logger
  /** Makes a host that calls back when it is lost. */
  readonly create: (index: number, onLost: (reason: string) => void) => RoomHost
}

const MEASURE_MS = 1_000

/**
 * Several hosts as one: places each new room in the host with the most time to spare, and puts a fresh host in the place
 * of one that is lost.
 */
export class RoomHosts implements RoomHost {
  readonly #clock: Clock
  readonly #slots: readonly HostSlot[]
  readonly #placed = new Map<RoomId, HostSlot>()
  #prepared: ScriptBundle = NO_SCRIPTS
  #measureTimer: TimerHandle | undefined

  constructor({ count, clock, logger, create }: RoomHostsParts) {
    this.#clock = clock
    this.#slots = Array.from(
      { length: count },
      (_, index) => new HostSlot({ index, clock, logger, create: (onLost) => create(index, onLost) }),
    )
  }

  async start(events: RoomHostEvents): Promise<void> {
    const told: RoomHostEvents = {
      roomRunning: (id, traits) => events.roomRunning(id, traits),
      roomEnded: (id, end) => {
        this.#placed.get(id)?.roomEnded()
        this.#placed.delete(id)
        events.roomEnded(id, end)
      },
      joinAccepted: (id, member) => events.joinAccepted(id, member),
      joinRejected: (id, member, reason) => events.joinRejected(id, member, reason),
      inputRefused: (id, member, refusal) => events.inputRefused(id, member, refusal),
      roomData: (id, frame, isReliable, receivers, sentAtMs) =>
        events.roomData(id, frame, isReliable, receivers, sentAtMs),
      roomState: (id, frame) => events.roomState(id, frame),
      memberKicked: (id, member, reason) => events.memberKicked(id, member, reason),
      traitsChanged: (id, traits) => events.traitsChanged(id, traits),
    }
    await Promise.all(this.#slots.map((slot) => slot.start(told)))
    this.#measure()
  }

  async prepare(scripts: ScriptBundle): Promise<ScriptManifest> {
    const manifests = await Promise.all(this.#slots.map((slot) => slot.prepare(scripts)))
    this.#prepared = scripts
    return manifests[0] as ScriptManifest
  }

  activate(): void {
    for (const slot of this.#slots) slot.activate(this.#prepared)
  }

  createRoom(spec: RoomSpec): void {
    const slot = this.#slots[leastLoaded(this.#slots.map(({ load }) => load))] as HostSlot
    this.#placed.set(spec.id, slot)
    slot.createRoom(spec)
  }

  join(roomId: RoomId, member: Joiner): void {
    this.#placed.get(roomId)?.host.join(roomId, member)
  }

  leave(roomId: RoomId, member: MemberNumber, reason: LeaveReason): void {
    this.#placed.get(roomId)?.host.leave(roomId, member, reason)
  }

  drop(roomId: RoomId, member: MemberNumber): void {
    this.#placed.get(roomId)?.host.drop(roomId, member)
  }

  resume(roomId: RoomId, member: MemberNumber): void {
    this.#placed.get(roomId)?.host.resume(roomId, member)
  }

  input(roomId: RoomId, member: MemberNumber, message: RoomInput, readAtMs?: number): void {
    this.#placed.get(roomId)?.host.input(roomId, member, message, readAtMs)
  }

  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    this.#placed.get(roomId)?.endRoom(roomId, reason, graceSeconds)
  }

  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    let best = this.#slots[0] as HostSlot
    for (const slot of this.#slots) if (slot.callsUnderWay < best.callsUnderWay) best = slot
    return best.invoke(call)
  }

  async signal(roomId: RoomId, data: unknown): Promise<unknown> {
    const slot = this.#placed.get(roomId)
    if (slot === undefined) throw new KaosError('ROOM_NOT_FOUND')
    return slot.host.signal(roomId, data)
  }

  reports(): readonly HostReport[] {
    return this.#slots.flatMap((slot) => slot.host.reports())
  }

  async refreshReports(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.host.refreshReports()))
  }

  async close(): Promise<void> {
    this.#measureTimer?.cancel()
    await Promise.all(this.#slots.map((slot) => slot.close()))
  }

  #measure(): void {
    for (const slot of this.#slots) slot.measure()
    this.#measureTimer = this.#clock.setTimer(() => this.#measure(), MEASURE_MS)
  }
}
