import { KaosError, type LeaveReason } from '@kaosnet/protocol'
import type { Clock, TimerHandle } from '../clock.ts'
import type { HostConfig } from '../config.ts'
import type { MemberNumber, RoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { MatchHandler } from '../room/match-handler.ts'
import { type MatchCallback, Room } from '../room/room.ts'
import type {
  Joiner,
  RoomHost,
  RoomHostEvents,
  RoomInput,
  RoomSpec,
  RoomTraits,
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from '../room/room-host.ts'
import { TickPhases } from '../room/tick-phases.ts'
import { TickScheduler } from '../room/tick-scheduler.ts'
import type { BudgetKind, LoadedScripts, ScriptBundle, ScriptLanguage } from '../script/loaded-scripts.ts'
import { budgetCause, noteScriptError } from '../script/script-error.ts'
import type { HostReport } from './host-report.ts'
import type { HostServices } from './host-services.ts'
import type { HostStats } from './host-stats.ts'
import { readHostReport } from './read-host-report.ts'

export interface LocalRoomHostParts {
  /** Its number among the hosts of the server. */
  readonly index: number
  readonly config: HostConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly stats: HostStats
  readonly services: HostServices
  readonly language: ScriptLanguage
}

/** A room host in the calling thread: the rooms, their ticks, and the scripts. */
export class LocalRoomHost implements RoomHost {
  readonly #parts: LocalRoomHostParts
  readonly #scheduler: TickScheduler
  readonly #phases = new TickPhases()
  readonly #rooms: Map<RoomId, Room>
  /** Bounds on how long rooms may take to start. */
  readonly #startTimers = new Map<RoomId, TimerHandle>()
  #events: RoomHostEvents | undefined
  #scripts: LoadedScripts | undefined
  #prepared: LoadedScripts | undefined
  #isClosed = false

  constructor(parts: LocalRoomHostParts) {
    this.#parts = parts
    this.#rooms = parts.services.rooms
    this.#scheduler = new TickScheduler(parts.clock)
  }

  async start(events: RoomHostEvents): Promise<void> {
    this.#events = events
  }

  async prepare(bundle: ScriptBundle): Promise<ScriptManifest> {
    const { language, stats } = this.#parts
    let prepared: LoadedScripts
    try {
      prepared = await language.load(bundle)
    } catch (error) {
      // Whoever asked for it says what went wrong.
      stats.scriptFailed('load')
      throw error
    }
    this.#prepared?.retire()
    this.#prepared = prepared
    const { version, rpcs, before, after, modules } = prepared
    return { version, rpcs, before, after, modules }
  }

  activate(): void {
    if (this.#prepared === undefined) return
    this.#scripts?.retire()
    this.#scripts = this.#prepared
    this.#prepared = undefined
    this.#upgradeRooms([...this.#rooms.values()])
  }

  createRoom(spec: RoomSpec): void {
    // A script may be creating this room: its callback ends before match_init runs.
    this.#parts.clock.defer(() => this.#startRoom(spec))
  }

  join(roomId: RoomId, member: Joiner): void {
    this.#rooms.get(roomId)?.join(member)
  }

  leave(roomId: RoomId, member: MemberNumber, reason: LeaveReason): void {
    this.#rooms.get(roomId)?.leave(member, reason)
  }

  drop(roomId: RoomId, member: MemberNumber): void {
    this.#rooms.get(roomId)?.drop(member)
  }

  resume(roomId: RoomId, member: MemberNumber): void {
    this.#rooms.get(roomId)?.resume(member)
  }

  input(roomId: RoomId, member: MemberNumber, message: RoomInput, readAtMs?: number): void {
    const refusal = this.#rooms.get(roomId)?.input(member, message)
    if (refusal !== undefined) this.#events?.inputRefused(roomId, member, refusal)
    if (readAtMs === undefined) return
    const { clock, stats } = this.#parts
    stats.inputRouting.observe(Math.max(0, clock.nowMs() - readAtMs) / 1000)
  }

  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    const room = this.#rooms.get(roomId)
    if (room !== undefined) room.drain(reason, graceSeconds)
    // The room may be about to start: see createRoom.
    else this.#parts.clock.defer(() => this.#rooms.get(roomId)?.drain(reason, graceSeconds))
  }

  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    if (this.#scripts !== undefined) return this.#scripts.invoke(call)
    const code = call.kind === 'rpc' ? 'RPC_FAILED' : 'HOOK_FAILED'
    return { kind: 'failed', error: 'no scripts have been activated', code }
  }

  async signal(roomId: RoomId, data: unknown): Promise<unknown> {
    return this.signalNow(roomId, data)
  }

  /** {@link signal} for a caller that waits. @throws as that rejects */
  signalNow(roomId: RoomId, data: unknown): unknown {
    const room = this.#rooms.get(roomId)
    if (room === undefined) throw new KaosError('ROOM_NOT_FOUND')
    return room.signal(data)
  }

  reports(): readonly HostReport[] {
    const { index, language, stats } = this.#parts
    return [readHostReport(index, stats, this.#rooms.values(), this.#scripts?.usage(), language.memoryBytes)]
  }

  async refreshReports(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const room of [...this.#rooms.values()]) room.close()
    this.#scheduler.close()
    this.#prepared?.retire()
    this.#scripts?.retire()
    this.#parts.language.close()
  }

  /** Offers rooms to the present version of their modules, one in each turn, so that ticks come in between. */
  #upgradeRooms(rooms: readonly Room[], index = 0): void {
    const scripts = this.#scripts
    const room = rooms[index]
    if (room === undefined || scripts === undefined) return
    this.#parts.clock.defer(() => {
      if (this.#isClosed || this.#scripts !== scripts) return
      this.#upgrade(room, scripts)
      this.#upgradeRooms(rooms, index + 1)
    })
  }

  #upgrade(room: Room, scripts: LoadedScripts): void {
    const log = this.#parts.logger.child({ roomId: room.id, module: room.module })
    const instructions = room.usage.instructions
    let handler: MatchHandler | undefined
    try {
      handler = scripts.createMatch(room.id, room.module, (member, message) =>
        this.#refuseInput(room.id, member, message),
      )
      if (room.upgrade(handler)) {
        this.#parts.stats.module(room.module).stateEnded(instructions)
        log.info({ version: scripts.version }, 'room upgraded')
      } else handler.close()
    } catch (error) {
      handler?.close()
      noteScriptError(error, 'match_upgrade', 'init', log, this.#parts.stats)
    }
  }

  #startRoom(spec: RoomSpec): void {
    if (this.#isClosed) return
    const { clock, config, logger } = this.#parts
    const { id, module } = spec
    const log = logger.child({ roomId: id, module })
    let room: Room
    try {
      room = this.#createRoom(spec, log)
    } catch (error) {
      noteScriptError(error, 'load', 'load', log, this.#parts.stats)
      const message = error instanceof Error ? error.message : String(error)
      this.#events?.roomEnded(id, { reason: 'init-failed', error: message })
      return
    }
    this.#rooms.set(id, room)
    this.#parts.stats.module(module).rooms++
    const started = room.start(spec.params, this.#phases)
    if (!(started instanceof Promise)) return this.#started(room, started, log)
    const { requestTimeoutMs } = config.limits
    const timer = clock.setTimer(
      () => room.abandonStart(new Error(`match_init has not come to an end in ${requestTimeoutMs} ms`)),
      requestTimeoutMs,
    )
    this.#startTimers.set(id, timer)
    void started.then((traits) => {
      this.#stopStartTimer(id)
      this.#started(room, traits, log)
    })
  }

  #stopStartTimer(id: RoomId): void {
    this.#startTimers.get(id)?.cancel()
    this.#startTimers.delete(id)
  }

  #started(room: Room, traits: RoomTraits | undefined, log: Logger): void {
    if (traits === undefined) return
    this.#scheduler.add(room)
    log.info(traits, 'room running')
    this.#events?.roomRunning(room.id, traits)
    room.catchUp()
  }

  #createRoom({ id, module, createdUnixMs }: RoomSpec, log: Logger): Room {
    const { clock, config, stats } = this.#parts
    const moduleStats = stats.module(module)
    const handler = this.#running().createMatch(id, module, (member, message) =>
      this.#refuseInput(id, member, message),
    )
    const room: Room = new Room({
      id,
      module,
      createdUnixMs,
      clock,
      handler,
      defaults: {
        tickHz: config.rooms.tickHz,
        maxPlayers: config.rooms.maxPlayers,
        emptyTimeoutMs: config.rooms.emptyTimeoutMs,
        inputQueue: config.limits.roomInputQueue,
        labelBytes: config.limits.labelBytes,
      },
      isFatal: (error) =>
        config.rooms[budgetCause(error) === undefined ? 'onScriptError' : 'onBudgetExceeded'] === 'end',
      observer: {
        joinAccepted: (member) => this.#events?.joinAccepted(id, member),
        joinRejected: (member, reason) => this.#events?.joinRejected(id, member, reason),
        scriptFailed: (callback, error) =>
          noteScriptError(error, callback, budgetKindOf(callback), log, this.#parts.stats),
        kicked: (member, reason) => this.#events?.memberKicked(id, member, reason),
        traitsChanged: (traits) => this.#events?.traitsChanged(id, traits),
        labelRefused: () => {
          stats.labelsRefused++
        },
        ended: (end) => {
          moduleStats.rooms--
          moduleStats.stateEnded(room.usage.instructions)
          this.#scheduler.remove(room)
          this.#rooms.delete(id)
          this.#stopStartTimer(id)
          this.#events?.roomEnded(id, end)
        },
      },
      ticks: moduleStats,
      sink: {
        data: (frame, isReliable, receivers) =>
          this.#events?.roomData(id, frame, isReliable, receivers, clock.nowMs()),
        state: (frame) => this.#events?.roomState(id, frame),
      },
    })
    return room
  }

  /** A game could not make sense of a message. */
  #refuseInput(roomId: RoomId, member: MemberNumber, message: string): void {
    this.#parts.stats.invalidInputs++
    this.#events?.inputRefused(roomId, member, { error: 'INVALID_PAYLOAD', message })
  }

  #running(): LoadedScripts {
    if (this.#scripts === undefined) throw new Error('no scripts have been activated')
    return this.#scripts
  }
}

function budgetKindOf(callback: MatchCallback): BudgetKind {
  switch (callback) {
    case 'match_init':
    case 'match_upgrade':
      return 'init'
    case 'match_loop':
      return 'tick'
    default:
      return 'join'
  }
}
