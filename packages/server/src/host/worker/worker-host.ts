import type { LeaveReason } from '@kaosnet/protocol'
import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../../clock.ts'
import type { HostConfig } from '../../config.ts'
import type { MemberNumber, RoomId } from '../../ids.ts'
import type { Random } from '../../random.ts'
import type { Joiner, RoomInput, RoomSpec, ScriptCall } from '../../room/room-host.ts'
import type { ScriptBundle } from '../../script/loaded-scripts.ts'
import { scriptErrorFields } from '../../script/script-error.ts'
import type { LocalRoomHost } from '../local-room-host.ts'
import { createThreadHost } from '../thread-host.ts'
import { BatchReader, BatchWriter } from './batch.ts'
import { BatchSchedule } from './batch-schedule.ts'
import { CallPort } from './call-port.ts'
import { type CommandHandler, readCommands } from './host-commands.ts'
import { EventWriter } from './host-events.ts'
import { remoteLogger } from './remote-logger.ts'
import { RemoteNode } from './remote-node.ts'
import { RoomNumbers } from './room-numbers.ts'
import { packError } from './thread-error.ts'
import { ThreadLink } from './thread-link.ts'

export interface WorkerHostParts {
  readonly index: number
  readonly config: HostConfig
  readonly port: MessagePort
  readonly callPort: MessagePort
  readonly memory: SharedArrayBuffer
  readonly clock: Clock
  readonly random: Random
}

const BEAT_MS = 100
const REPORT_MS = 1_000
/** A batch that has grown so large leaves before the turn is over. */
const BATCH_BYTES = 1024 * 1024
/** With so much on its way to the node the worker waits, for at most so long: a flood shall slow down itself. */
const NODE_BOUND_BYTES = 32 * 1024 * 1024
const NODE_WAIT_MS = 100

/**
 * A room host in a worker thread, seen from inside: carries out the commands of each batch that comes, and collects what
 * happens into one batch for each turn of the event loop.
 */
export class WorkerHost implements CommandHandler {
  readonly #parts: WorkerHostParts
  readonly #link: ThreadLink
  readonly #batch = new BatchWriter()
  readonly #events: EventWriter
  readonly #rooms = new RoomNumbers()
  readonly #calls: CallPort
  readonly #host: LocalRoomHost
  readonly #schedule: BatchSchedule

  constructor(parts: WorkerHostParts) {
    const { index, config, clock, random, callPort, memory } = parts
    this.#parts = parts
    this.#link = new ThreadLink(memory)
    this.#events = new EventWriter(this.#batch)
    this.#schedule = new BatchSchedule(clock, () => this.#flush())
    this.#calls = new CallPort({
      port: callPort,
      link: this.#link,
      clock,
      post: (id, method, args) => {
        this.#events.call(id, { method, args })
        this.#flush()
      },
      signal: (roomId, data) => this.#host.signalNow(roomId, data),
    })
    this.#host = createThreadHost({
      index,
      config,
      clock,
      random,
      logger: remoteLogger((line) => this.#tell().log(line)),
      node: new RemoteNode((method, args) => this.#calls.call(method, args)),
    })
    void this.#host.start({
      roomRunning: (id, traits) => this.#tellOf(id, (room) => this.#events.running(room, traits)),
      roomEnded: (id, end) => {
        this.#tellOf(id, (room) => this.#events.ended(room, end))
        this.#rooms.forget(id)
      },
      joinAccepted: (id, member) => this.#tellOf(id, (room) => this.#events.joinAccepted(room, member)),
      joinRejected: (id, member, reason) =>
        this.#tellOf(id, (room) => this.#events.joinRejected(room, member, reason)),
      inputRefused: (id, member, refusal) =>
        this.#tellOf(id, (room) => this.#events.inputRefused(room, member, refusal)),
      roomData: (id, frame, isReliable, receivers, sentAtMs) => {
        const room = this.#rooms.numberOf(id)
        if (room !== undefined) this.#tell().data(room, frame, isReliable, receivers, sentAtMs ?? 0)
      },
      roomState: (id, frame) => this.#tellOf(id, (room) => this.#events.state(room, frame)),
      memberKicked: (id, member, reason) =>
        this.#tellOf(id, (room) => this.#events.kicked(room, member, reason)),
      traitsChanged: (id, traits) => this.#tellOf(id, (room) => this.#events.traits(room, traits)),
    })
    parts.port.on('message', (batch: ArrayBuffer) => this.#take(batch))
    this.#beat()
    this.#reportOften()
  }

  create(room: number, spec: RoomSpec): void {
    this.#rooms.learn(spec.id, room)
    this.#host.createRoom(spec)
  }

  join(room: number, member: Joiner): void {
    this.#in(room, (id) => this.#host.join(id, member))
  }

  leave(room: number, member: MemberNumber, reason: LeaveReason): void {
    this.#in(room, (id) => this.#host.leave(id, member, reason))
  }

  drop(room: number, member: MemberNumber): void {
    this.#in(room, (id) => this.#host.drop(id, member))
  }

  resume(room: number, member: MemberNumber): void {
    this.#in(room, (id) => this.#host.resume(id, member))
  }

  input(room: number, member: MemberNumber, message: RoomInput, readAtMs: number | undefined): void {
    const id = this.#rooms.idOf(room)
    if (id !== undefined) this.#host.input(id, member, message, readAtMs)
  }

  end(room: number, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    this.#in(room, (id) => this.#host.endRoom(id, reason, graceSeconds))
  }

  invoke(id: number, call: ScriptCall): void {
    void this.#host.invoke(call).then((outcome) => {
      try {
        this.#tell().outcome(id, outcome)
      } catch (error) {
        const code = call.kind === 'rpc' ? 'RPC_FAILED' : 'HOOK_FAILED'
        this.#events.outcome(id, { kind: 'failed', error: String(error), code })
      }
    })
  }

  prepare(id: number, scripts: ScriptBundle): void {
    this.#host.prepare(scripts).then(
      (manifest) => this.#tell().prepared(id, { kind: 'loaded', manifest }),
      (error: unknown) => this.#tell().prepared(id, { kind: 'failed', error: packError(error) }),
    )
  }

  activate(): void {
    this.#host.activate()
  }

  report(): void {
    for (const report of this.#host.reports()) this.#tell().report(report)
  }

  /** Something of a script's failed outside of every callback. */
  noteStrayError(error: unknown): void {
    this.#tell().log({
      level: 'error',
      fields: scriptErrorFields(error),
      message: 'a promise or timer of a script failed',
    })
  }

  #take(batch: ArrayBuffer): void {
    this.#link.beat()
    try {
      readCommands(new BatchReader(batch), this)
    } catch (error) {
      // Not a script's: half a batch is lost, so what this host knows is not true any more.
      this.#tell().log({ level: 'error', fields: scriptErrorFields(error), message: 'a host failed' })
      this.#flush()
      process.exit(1)
    }
    this.#link.takenByWorker(batch.byteLength)
  }

  #in(room: number, act: (id: RoomId) => void): void {
    const id = this.#rooms.idOf(room)
    if (id !== undefined) act(id)
  }

  #tellOf(id: RoomId, write: (room: number) => void): void {
    const room = this.#rooms.numberOf(id)
    if (room === undefined) return
    this.#tell()
    write(room)
  }

  /** The writer for one event, which leaves soon. */
  #tell(): EventWriter {
    if (this.#batch.length > BATCH_BYTES) this.#flush()
    this.#schedule.plan()
    return this.#events
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    const batch = this.#batch.take()
    this.#link.postedToNode(batch.byteLength)
    this.#parts.port.postMessage(batch, [batch])
    this.#link.waitForNode(NODE_BOUND_BYTES, NODE_WAIT_MS)
  }

  #beat(): void {
    this.#link.beat()
    this.#parts.clock.setTimer(() => this.#beat(), BEAT_MS)
  }

  #reportOften(): void {
    this.report()
    this.#parts.clock.setTimer(() => this.#reportOften(), REPORT_MS)
  }
}
