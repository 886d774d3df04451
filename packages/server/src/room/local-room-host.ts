import { KaosError, type LeaveReason } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config.ts'
import type { MemberNumber, RoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ScriptEngine } from '../script/script-engine.ts'
import { scriptErrorFields } from '../script/script-error.ts'
import { Room } from './room.ts'
import type {
  MemberInfo,
  RoomHost,
  RoomHostEvents,
  RoomInput,
  RoomSpec,
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from './room-host.ts'
import { TickScheduler } from './tick-scheduler.ts'

/** Successive multiples of it, mod 1, spread evenly however many there are. */
const GOLDEN_RATIO_FRACTION = 0.618_033_988_749_895

export interface LocalRoomHostParts {
  readonly config: ServerConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly engine: ScriptEngine
}

/** A room host in the calling thread. */
export class LocalRoomHost implements RoomHost {
  readonly #parts: LocalRoomHostParts
  readonly #scheduler: TickScheduler
  readonly #rooms = new Map<RoomId, Room>()
  #events: RoomHostEvents | undefined
  #created = 0
  #isClosed = false

  constructor(parts: LocalRoomHostParts) {
    this.#parts = parts
    this.#scheduler = new TickScheduler(parts.clock)
  }

  async start(events: RoomHostEvents): Promise<ScriptManifest> {
    this.#events = events
    return this.#parts.engine.load((roomId, data) => this.#signal(roomId, data))
  }

  createRoom(spec: RoomSpec): void {
    // A script may be creating this room: its callback ends before match_init runs.
    this.#parts.clock.defer(() => this.#startRoom(spec))
  }

  join(roomId: RoomId, member: MemberInfo): void {
    this.#rooms.get(roomId)?.join(member)
  }

  leave(roomId: RoomId, member: MemberNumber, reason: LeaveReason): void {
    this.#rooms.get(roomId)?.leave(member, reason)
  }

  input(roomId: RoomId, member: MemberNumber, message: RoomInput): void {
    if (this.#rooms.get(roomId)?.input(member, message) === false) this.#events?.inputRefused(roomId, member)
  }

  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    const room = this.#rooms.get(roomId)
    if (room !== undefined) room.drain(reason, graceSeconds)
    // The room may be about to start: see createRoom.
    else this.#parts.clock.defer(() => this.#rooms.get(roomId)?.drain(reason, graceSeconds))
  }

  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    return this.#parts.engine.invoke(call)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const room of [...this.#rooms.values()]) room.close()
    this.#scheduler.close()
    this.#parts.engine.close()
  }

  #startRoom(spec: RoomSpec): void {
    if (this.#isClosed) return
    const { config, clock, engine, logger, metrics } = this.#parts
    const { id, module } = spec
    const log = logger.child({ roomId: id, module })
    let room: Room
    try {
      room = new Room({
        id,
        module,
        clock,
        handler: engine.createMatch(id, module),
        defaults: {
          tickHz: config.rooms.tickHz,
          maxPlayers: config.rooms.maxPlayers,
          emptyTimeoutMs: config.rooms.emptyTimeoutMs,
          inputQueue: config.limits.roomInputQueue,
        },
        onScriptError: config.rooms.onScriptError,
        observer: {
          joinAccepted: (member) => this.#events?.joinAccepted(id, member),
          joinRejected: (member, reason) => this.#events?.joinRejected(id, member, reason),
          scriptFailed: (callback, error) => {
            metrics.scriptFailed(callback)
            log.error({ callback, ...scriptErrorFields(error) }, 'script error')
          },
          ticked: (latenessMs, durationMs, skipped) => metrics.ticked(latenessMs, durationMs, skipped),
          ended: (end) => {
            this.#scheduler.remove(room)
            this.#rooms.delete(id)
            this.#events?.roomEnded(id, end)
          },
        },
      })
    } catch (error) {
      metrics.scriptFailed('load')
      log.error(scriptErrorFields(error), 'the match module cannot be loaded')
      const message = error instanceof Error ? error.message : String(error)
      this.#events?.roomEnded(id, { reason: 'init-failed', error: message })
      return
    }
    this.#rooms.set(id, room)
    const spread = (this.#created++ * GOLDEN_RATIO_FRACTION) % 1
    const traits = room.start(spec.params, spread)
    if (traits === undefined) return
    this.#scheduler.add(room)
    log.info(traits, 'room running')
    this.#events?.roomRunning(id, traits)
  }

  #signal(roomId: RoomId, data: unknown): unknown {
    const room = this.#rooms.get(roomId)
    if (room === undefined) throw new KaosError('ROOM_NOT_FOUND')
    return room.signal(data)
  }
}
