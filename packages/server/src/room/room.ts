import { KaosError, type LeaveReason } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { MemberNumber, RoomId, SessionId } from '../ids.ts'
import type { OutgoingRoomData, RoomView } from '../script/script-services.ts'
import type { MatchHandler, MatchInit, QueuedInput, ScriptUsage, TickInfo } from './match-handler.ts'
import type { InputRefusal, Joiner, MemberInfo, RoomEnd, RoomInput, RoomTraits } from './room-host.ts'
import { checkLabel } from './room-label.ts'
import { RoomMembers } from './room-members.ts'
import { type FrameSink, RoomOutbox } from './room-outbox.ts'
import type { DueBucket } from './due-bucket.ts'
import type { TickPhases } from './tick-phases.ts'
import { TickSchedule } from './tick-schedule.ts'
import type { Tickable } from './tick-scheduler.ts'

export type RoomState = 'creating' | 'running' | 'draining' | 'closed'

/** The callbacks of a match module, as errors name them. */
export type MatchCallback =
  | 'match_init'
  | 'match_join_attempt'
  | 'match_join'
  | 'match_leave'
  | 'match_drop'
  | 'match_resume'
  | 'match_loop'
  | 'match_signal'
  | 'match_upgrade'
  | 'match_terminate'

export interface RoomOptions {
  readonly id: RoomId
  readonly module: string
  readonly createdUnixMs: number
  readonly handler: MatchHandler
  readonly clock: Clock
  readonly defaults: {
    readonly tickHz: number
    readonly maxPlayers: number
    readonly emptyTimeoutMs: number
    readonly inputQueue: number
    readonly labelBytes: number
  }
  /** Whether an error in `match_loop`, `match_join` or `match_leave` ends the room. */
  readonly isFatal: (error: unknown) => boolean
  readonly observer: RoomObserver
  readonly ticks: TickObserver
  readonly sink: FrameSink
}

/** What a room tells its host, as it happens. */
export interface RoomObserver {
  joinAccepted(member: MemberNumber): void
  joinRejected(member: MemberNumber, reason: string | undefined): void
  scriptFailed(callback: MatchCallback, error: unknown): void
  kicked(member: MemberNumber, reason: string): void
  traitsChanged(traits: RoomTraits): void
  /** A label was too long. */
  labelRefused(): void
  ended(end: RoomEnd): void
}

/** Counts ticks; one for all rooms of a module. */
export interface TickObserver {
  ticked(latenessMs: number, durationMs: number, skipped: number): void
}

/** Who may come in, and who may see it; undefined = as it is. */
export type RoomAccess = Pick<RoomTraits, 'isLocked' | 'isPrivate'>

const TICK_HZ_MIN = 1
const TICK_HZ_MAX = 128
const NO_INPUTS: readonly QueuedInput[] = Object.freeze([])
/** A seat is not kept for ever, whatever a module says. */
const RESUME_WINDOW_MAX_MS = 3_600_000

/**
 * One room in its host: `creating → running → draining → closed`. It queues what arrives, calls the match handler inside
 * one guard, and ends with a reason. Commands that come while a callback runs (a script that kicks) wait until it is done.
 */
export class Room implements Tickable {
  // First what every tick looks at: of a thousand rooms hardly anything is in a cache when its time comes.
  bucket: DueBucket | undefined
  readonly #clock: Clock
  readonly #ticks: TickObserver
  readonly #members = new RoomMembers()
  #state: RoomState = 'creating'
  #handler: MatchHandler
  #schedule: TickSchedule | undefined
  #emptyTimeoutMs = 0
  /** undefined = nothing waits. */
  #inputs: QueuedInput[] | undefined
  #isInCallback = false
  /** undefined = nothing was postponed. */
  #postponed: (() => void)[] | undefined
  readonly id: RoomId
  readonly module: string
  readonly #options: RoomOptions
  readonly #outbox: RoomOutbox
  #traits: RoomTraits
  #params: unknown
  #phases: TickPhases | undefined
  #emptySinceMs = 0
  #drainUntilMs = Number.POSITIVE_INFINITY
  #drainReason: 'closed' | 'shutdown' = 'closed'
  #spareInputs: QueuedInput[] | undefined
  #isCatchingUp = false

  constructor(options: RoomOptions) {
    this.id = options.id
    this.module = options.module
    this.#options = options
    this.#clock = options.clock
    this.#ticks = options.ticks
    this.#handler = options.handler
    this.#outbox = new RoomOutbox(this.#members, options.sink)
    const { tickHz, maxPlayers } = options.defaults
    this.#traits = { label: '', tickHz, maxPlayers, version: options.handler.version }
  }

  /** When the next tick is due; never, unless the room runs. */
  get nextDueMs(): number {
    const schedule = this.#schedule
    return schedule === undefined || this.#state === 'closed' ? Number.POSITIVE_INFINITY : schedule.nextDueMs
  }

  get state(): RoomState {
    return this.#state
  }

  get size(): number {
    return this.#members.size
  }

  /**
   * Runs `match_init` and starts the clock.
   * @param phases Of the host's rooms; the room takes its place among them.
   * @returns undefined when the module failed, or the room was told to end meanwhile: it has ended then. A promise
   *   only when `match_init` takes its time.
   */
  start(params: unknown, phases: TickPhases): RoomTraits | undefined | Promise<RoomTraits | undefined> {
    let init: MatchInit | Promise<MatchInit>
    this.#params = params
    try {
      this.#isInCallback = true
      init = this.#handler.init(params)
    } catch (error) {
      return this.#failStart(error)
    } finally {
      this.#isInCallback = false
    }
    if (!(init instanceof Promise)) return this.#begin(init, phases)
    return init.then(
      (settled) => this.#begin(settled, phases),
      (error: unknown) => this.#failStart(error),
    )
  }

  /** Carries out what `match_init` set off; to be called once whoever waits has been told that the room runs. */
  catchUp(): void {
    this.#runPostponed()
  }

  /** `match_init` has taken too long. */
  abandonStart(error: Error): void {
    if (this.#state === 'creating') this.#failStart(error)
  }

  #begin(init: MatchInit, phases: TickPhases): RoomTraits | undefined {
    const { clock, defaults } = this.#options
    if (this.#state !== 'creating') return undefined
    const tickHz = init.tickHz ?? defaults.tickHz
    if (!(tickHz >= TICK_HZ_MIN && tickHz <= TICK_HZ_MAX)) {
      return this.#failStart(
        new Error(`tick_rate must be from ${TICK_HZ_MIN} to ${TICK_HZ_MAX} Hz, got ${tickHz}`),
      )
    }
    try {
      this.#checkLabel(init.label)
    } catch (error) {
      return this.#failStart(error)
    }
    const maxPlayers = init.maxPlayers ?? defaults.maxPlayers
    const { isLocked, isPrivate, label } = init
    this.#traits = { ...this.#traits, label, tickHz, maxPlayers, isLocked, isPrivate }
    if (init.resumeWindowMs !== undefined) {
      this.#traits = { ...this.#traits, resumeWindowMs: Math.min(init.resumeWindowMs, RESUME_WINDOW_MAX_MS) }
    }
    this.#emptyTimeoutMs = init.emptyTimeoutMs ?? defaults.emptyTimeoutMs
    const nowMs = clock.nowMs()
    this.#phases = phases
    this.#schedule = new TickSchedule(phases.take(tickHz, nowMs), nowMs)
    this.#emptySinceMs = nowMs
    this.#state = 'running'
    return this.#traits
  }

  #failStart(error: unknown): undefined {
    if (this.#state !== 'creating') return
    this.#options.observer.scriptFailed('match_init', error)
    this.#isInCallback = false
    this.#end({ reason: 'init-failed', error: messageOf(error) })
  }

  join(joiner: Joiner): void {
    if (this.#postpone(() => this.join(joiner))) return
    const { observer } = this.#options
    const { password, ...member } = joiner
    const refusal = this.#refusal(member, password)
    if (refusal !== undefined) observer.joinRejected(member.member, refusal || undefined)
    else {
      this.#members.add(member)
      this.#guard('match_join', () => {
        // The client hears of its seat before anything the script sends it; what that sets off waits for match_join.
        observer.joinAccepted(member.member)
        this.#handler.join(member)
      })
    }
    this.#runPostponed()
  }

  leave(member: MemberNumber, reason: LeaveReason): void {
    if (this.#postpone(() => this.leave(member, reason))) return
    if (this.#state === 'closed' || !this.#members.delete(member)) return
    if (this.#members.size === 0) this.#emptySinceMs = this.#options.clock.nowMs()
    this.#guard('match_leave', () => this.#handler.leave({ member, reason }))
    this.#runPostponed()
  }

  /** The connection of a member is lost; it stays a member. */
  drop(member: MemberNumber): void {
    this.#tellOf(member, 'match_drop', () => this.#handler.drop?.(member))
  }

  /** A member whose connection was lost is back. */
  resume(member: MemberNumber): void {
    this.#tellOf(member, 'match_resume', () => this.#handler.resume?.(member))
  }

  #tellOf(member: MemberNumber, callback: 'match_drop' | 'match_resume', run: () => void): void {
    if (this.#postpone(() => this.#tellOf(member, callback, run))) return
    if (this.#state === 'closed' || !this.#members.has(member)) return
    this.#guard(callback, run)
    this.#runPostponed()
  }

  /** Says why when the input is not taken: the queue is full. Copies the data that has to wait. */
  input(member: MemberNumber, message: RoomInput): InputRefusal | undefined {
    if (this.#state === 'closed' || !this.#members.has(member)) return undefined
    if (this.#handler.receive !== undefined) {
      this.#guard('match_loop', () => this.#handler.receive?.(member, message))
      this.#runPostponed()
      return undefined
    }
    if (this.queuedInputs >= this.#options.defaults.inputQueue) return { error: 'ROOM_BUSY' }
    this.#inputs ??= this.#spareInputs ?? []
    this.#inputs.push({
      member,
      op: message.op,
      // Not slice(): that of a Buffer copies nothing.
      data: new Uint8Array(message.data),
      isReliable: message.isReliable,
      isMessagePack: message.isMessagePack,
      receivedUnixMs: this.#options.clock.unixMs(),
    })
    return undefined
  }

  /** Sends for the room's script, or another of its host. @throws {KaosError} PAYLOAD_TOO_LARGE */
  send(message: OutgoingRoomData): void {
    this.#outbox.send(message)
  }

  /** False when the session is no member, or is on its way out already. */
  kick(session: SessionId, reason: string): boolean {
    const member = this.#members.numberOf(session)
    if (member === undefined) return false
    this.#members.markKicked(member)
    this.#options.observer.kicked(member, reason)
    return true
  }

  /** @throws {KaosError} PAYLOAD_TOO_LARGE */
  publishState(data: Uint8Array, isMessagePack: boolean): void {
    this.#outbox.publishState(data, isMessagePack)
  }

  /** @throws {KaosError} INVALID_PAYLOAD for a label that is too long */
  updateLabel(label: string): void {
    this.#checkLabel(label)
    this.#changeTraits({ label })
  }

  /** Locks or unlocks the room, takes it out of lists or puts it back; what is undefined stays as it is. */
  updateAccess({ isLocked = this.#traits.isLocked, isPrivate = this.#traits.isPrivate }: RoomAccess): void {
    this.#changeTraits({ isLocked, isPrivate })
  }

  #checkLabel(label: string): void {
    const { defaults, observer } = this.#options
    try {
      checkLabel(label, defaults.labelBytes)
    } catch (error) {
      observer.labelRefused()
      throw error
    }
  }

  #changeTraits(change: Partial<RoomTraits>): void {
    this.#traits = { ...this.#traits, ...change }
    this.#options.observer.traitsChanged(this.#traits)
  }

  /** Inputs that wait for the next tick. */
  get queuedInputs(): number {
    return this.#inputs?.length ?? 0
  }

  /** What the script's state holds and has used. */
  get usage(): ScriptUsage {
    return this.#handler.usage ?? { memoryBytes: 0, instructions: 0 }
  }

  /** The room as other scripts see it. */
  view(): RoomView {
    return {
      roomId: this.id,
      module: this.module,
      state: this.#state,
      size: this.#members.size,
      createdUnixMs: this.#options.createdUnixMs,
      ...this.#traits,
    }
  }

  /**
   * @throws {KaosError} ROOM_CLOSED, ROOM_NOT_FOUND before `match_init` has settled, WRONG_STATE when the room's own
   *   callback is running, or what the script threw.
   */
  signal(data: unknown): unknown {
    if (this.#state === 'closed') throw new KaosError('ROOM_CLOSED')
    if (this.#isInCallback) {
      throw new KaosError('WRONG_STATE', 'a room cannot be signalled from within its own callback')
    }
    if (this.#state === 'creating') throw new KaosError('ROOM_NOT_FOUND', 'the room has not started yet')
    try {
      this.#isInCallback = true
      return this.#handler.signal(data)
    } catch (error) {
      this.#options.observer.scriptFailed('match_signal', error)
      throw error
    } finally {
      this.#isInCallback = false
      this.#runPostponed()
    }
  }

  runTick(nowMs: number): void {
    const schedule = this.#schedule
    if (schedule === undefined || this.#state === 'closed') return
    if (this.#state === 'draining' && nowMs >= this.#drainUntilMs)
      return this.#end({ reason: this.#drainReason })
    if (this.#isDeserted(nowMs)) return this.#end({ reason: 'empty' })

    const dueMs = schedule.nextDueMs
    const dtSeconds = schedule.begin(nowMs)
    const info: TickInfo = { tick: schedule.tick, dtSeconds, skipped: schedule.skipped }
    const inputs = this.#inputs
    const isGoingOn = inputs === undefined ? this.#loop(info, NO_INPUTS) : this.#loopWithInputs(info, inputs)
    const durationMs = this.#clock.nowMs() - nowMs
    schedule.phase.took(durationMs)
    this.#ticks.ticked(nowMs - dueMs, durationMs, schedule.skipped)
    if (!isGoingOn) this.#end({ reason: this.#state === 'draining' ? this.#drainReason : 'finished' })
    if (this.#postponed !== undefined) this.#runPostponed()
  }

  /** What comes meanwhile waits for the next tick, in another list. */
  #loopWithInputs(info: TickInfo, inputs: QueuedInput[]): boolean {
    this.#inputs = undefined
    this.#spareInputs = undefined
    const isGoingOn = this.#loop(info, inputs)
    inputs.length = 0
    this.#spareInputs = inputs
    return isGoingOn
  }

  /** {@link #guard} of `match_loop`, without a closure for each tick. False when the game is over. */
  #loop(info: TickInfo, inputs: readonly QueuedInput[]): boolean {
    this.#isInCallback = true
    try {
      return this.#handler.loop(info, inputs)
    } catch (error) {
      this.#failed('match_loop', error)
      return true
    } finally {
      this.#isInCallback = false
    }
  }

  /** Calls `match_terminate`; the room goes on for the grace time if the script wants that. */
  drain(reason: 'closed' | 'shutdown', graceSeconds: number): void {
    if (this.#postpone(() => this.drain(reason, graceSeconds))) return
    if (this.#state === 'closed' || this.#state === 'draining') return
    // Nothing has begun that could be ended in order.
    if (this.#state === 'creating') return this.#end({ reason })
    this.#state = 'draining'
    this.#drainReason = reason
    this.#drainUntilMs = this.#options.clock.nowMs() + graceSeconds * 1000
    let isGoingOn = false
    this.#guard('match_terminate', () => {
      isGoingOn = this.#handler.terminate(graceSeconds)
    })
    if (!isGoingOn || graceSeconds === 0) this.#end({ reason })
    this.#runPostponed()
  }

  /**
   * Hands the room to another version of its module, between two callbacks. When that does not succeed the room goes on
   * as it was.
   * @returns Whether the handler was taken; the caller closes it otherwise.
   * @throws what the old state or the new module threw
   */
  upgrade(handler: MatchHandler): boolean {
    if (this.#state !== 'running' || this.#isInCallback || !handler.canUpgrade) return false
    const { label, tickHz, version } = this.#traits
    try {
      this.#isInCallback = true
      handler.upgrade({
        ...this.#handler.exportState(),
        version,
        params: this.#params,
        label,
        tickHz,
        tick: this.#schedule?.tick ?? 0,
        members: [...this.#members],
      })
    } finally {
      this.#isInCallback = false
    }
    this.#handler.close()
    this.#handler = handler
    this.#changeTraits({ version: handler.version })
    this.#runPostponed()
    return true
  }

  /** Ends at once, without callbacks. */
  close(): void {
    this.#end({ reason: 'closed' })
  }

  /** Why somebody may not join: undefined = welcome, '' = no reason given. */
  #refusal(member: MemberInfo, password: string | undefined): string | undefined {
    if (this.#state !== 'running') return 'the room is ending'
    let refusal: string | undefined
    const isAsked = this.#guard('match_join_attempt', () => {
      refusal = this.#handler.joinAttempt(member, { password })
    })
    return isAsked ? refusal : 'match_join_attempt failed'
  }

  #isDeserted(nowMs: number): boolean {
    return (
      this.#emptyTimeoutMs > 0 &&
      this.#members.size === 0 &&
      nowMs - this.#emptySinceMs >= this.#emptyTimeoutMs
    )
  }

  /** Runs one callback. False when it threw; the policy has been applied then. */
  #guard(callback: MatchCallback, run: () => void): boolean {
    if (this.#state === 'closed') return false
    this.#isInCallback = true
    try {
      run()
      return true
    } catch (error) {
      this.#failed(callback, error)
      return false
    } finally {
      this.#isInCallback = false
    }
  }

  #failed(callback: MatchCallback, error: unknown): void {
    this.#options.observer.scriptFailed(callback, error)
    const isFatal = callback !== 'match_join_attempt' && this.#options.isFatal(error)
    this.#isInCallback = false
    if (isFatal) this.#end({ reason: 'failed', error: `${callback}: ${messageOf(error)}` })
  }

  #postpone(command: () => void): boolean {
    if (!this.#isInCallback) return false
    this.#postponed ??= []
    this.#postponed.push(command)
    return true
  }

  /** In the order given: what a postponed command postpones in turn comes after those that waited already. */
  #runPostponed(): void {
    const postponed = this.#postponed
    if (this.#isCatchingUp || postponed === undefined) return
    this.#isCatchingUp = true
    for (let index = 0; index < postponed.length; index++) postponed[index]?.()
    this.#postponed = undefined
    this.#isCatchingUp = false
  }

  #end(end: RoomEnd): void {
    if (this.#state === 'closed') return
    if (this.#postpone(() => this.#end(end))) return
    this.#state = 'closed'
    if (this.#schedule !== undefined) this.#phases?.leave(this.#schedule.phase)
    this.#inputs = undefined
    this.#members.clear()
    this.#handler.close()
    this.#options.observer.ended(end)
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
