import type { Clock, TimerHandle } from '../clock.ts'
import type { RoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type {
  RoomHost,
  RoomHostEvents,
  RoomSpec,
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from '../room/room-host.ts'
import type { ScriptBundle } from '../script/loaded-scripts.ts'
import type { HostLoad } from './placement.ts'

export interface HostSlotParts {
  readonly index: number
  readonly clock: Clock
  readonly logger: Logger
  readonly create: (onLost: (reason: string) => void) => RoomHost
}

const RETRY_MIN_MS = 500
const RETRY_MAX_MS = 30_000
const STARTING_MS = 3_000
/** A host that has run so long was not lost by its scripts' very beginning. */
const SETTLED_MS = 60_000

/**
 * The place of one host, whichever fills it: when the present one is lost the next takes over, at once the first time
 * and after growing pauses when it is lost again and again. What comes while there is none waits for it.
 */
export class HostSlot {
  readonly #parts: HostSlotParts
  #host: RoomHost
  /** Those that were lost, and whose threads have not ended: see {@link close}. */
  readonly #lost = new Set<RoomHost>()
  #events: RoomHostEvents | undefined
  #scripts: ScriptBundle | undefined
  /** Resolves when there is a host with its scripts. */
  #ready: Promise<void> = Promise.resolve()
  #isReady = true
  #waitingRooms = new Map<RoomId, RoomSpec>()
  #losses = 0
  #startedMs = 0
  #retry: TimerHandle | undefined
  /** A loss now is the restart's failure. */
  #isRestarting = false
  #isClosed = false
  #calls = 0
  #rooms = 0
  #measuredRooms = 0
  #busyShare = 0
  #measuredMs = 0
  #busySeconds = 0

  constructor(parts: HostSlotParts) {
    this.#parts = parts
    this.#host = this.#create()
  }

  get host(): RoomHost {
    return this.#host
  }

  /** RPCs and hooks that have not been answered. */
  get callsUnderWay(): number {
    return this.#calls
  }

  get load(): HostLoad {
    return { busyShare: this.#busyShare, measuredRooms: this.#measuredRooms, rooms: this.#rooms }
  }

  async start(events: RoomHostEvents): Promise<void> {
    this.#events = events
    this.#startedMs = this.#parts.clock.nowMs()
    await this.#host.start(events)
  }

  async prepare(scripts: ScriptBundle): Promise<ScriptManifest> {
    await this.#ready
    return this.#host.prepare(scripts)
  }

  activate(scripts: ScriptBundle): void {
    this.#scripts = scripts
    this.#host.activate()
  }

  createRoom(spec: RoomSpec): void {
    this.#rooms++
    if (this.#isReady) this.#host.createRoom(spec)
    else this.#waitingRooms.set(spec.id, spec)
  }

  /** A room that was placed here has ended. */
  roomEnded(): void {
    this.#rooms--
  }

  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    if (this.#waitingRooms.delete(roomId)) this.#events?.roomEnded(roomId, { reason })
    else this.#host.endRoom(roomId, reason, graceSeconds)
  }

  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    this.#calls++
    try {
      await (this.#isReady ? undefined : this.#ready)
      return await this.#host.invoke(call)
    } finally {
      this.#calls--
    }
  }

  /** Notes how busy the host was since the last time. */
  measure(): void {
    const [report] = this.#host.reports()
    const nowMs = this.#parts.clock.nowMs()
    const elapsedSeconds = (nowMs - this.#measuredMs) / 1000
    this.#measuredMs = nowMs
    if (report === undefined) return
    const busy = Math.max(0, report.busySeconds - this.#busySeconds)
    this.#busySeconds = report.busySeconds
    // To load the scripts takes a while and says nothing of what the rooms will need.
    const isSettled = nowMs - this.#startedMs > STARTING_MS
    this.#busyShare = isSettled && elapsedSeconds > 0 ? busy / elapsedSeconds : 0
    this.#measuredRooms = 0
    for (const { rooms } of report.modules) this.#measuredRooms += rooms
  }

  /** Resolves when every thread has ended, also those that were lost: one that hangs keeps the process from exiting. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#retry?.cancel()
    await Promise.all([this.#host, ...this.#lost].map((host) => host.close()))
  }

  #create(): RoomHost {
    const host: RoomHost = this.#parts.create((reason) => {
      void this.#bury(host)
      if (host === this.#host && !this.#isRestarting) this.#replace(reason)
    })
    return host
  }

  async #bury(host: RoomHost): Promise<void> {
    this.#lost.add(host)
    await host.close()
    this.#lost.delete(host)
  }

  #replace(reason: string): void {
    const { clock, logger, index } = this.#parts
    // Before the first scripts have been activated it is the start of the server that fails.
    if (this.#isClosed || this.#scripts === undefined) return
    this.#isReady = false
    this.#losses = clock.nowMs() - this.#startedMs > SETTLED_MS ? 1 : this.#losses + 1
    const delayMs =
      this.#losses === 1 ? 0 : Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.#losses - 2, 10))
    let settle: () => void = () => {}
    this.#ready = new Promise((resolve) => {
      settle = resolve
    })
    logger.warn({ host: index, reason, delayMs }, 'a fresh thread takes its place')
    this.#retry = clock.setTimer(() => void this.#restart().then(settle), delayMs)
  }

  async #restart(): Promise<void> {
    const { logger, index, clock } = this.#parts
    const events = this.#events
    const scripts = this.#scripts
    if (this.#isClosed || events === undefined || scripts === undefined) return
    this.#startedMs = clock.nowMs()
    this.#busySeconds = 0
    this.#isRestarting = true
    const host = this.#create()
    this.#host = host
    try {
      await host.start(events)
      await host.prepare(scripts)
      host.activate()
      this.#isRestarting = false
    } catch (error) {
      this.#isRestarting = false
      if (this.#isClosed) return
      const message = error instanceof Error ? error.message : String(error)
      logger.error({ host: index, error: message }, 'a fresh thread of rooms did not start')
      for (const id of this.#waitingRooms.keys()) {
        events.roomEnded(id, { reason: 'host-lost', error: `no thread to run the room: ${message}` })
      }
      this.#waitingRooms.clear()
      await host.close()
      this.#replace(message)
      return
    }
    this.#isReady = true
    for (const spec of this.#waitingRooms.values()) host.createRoom(spec)
    this.#waitingRooms.clear()
  }
}
