import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { KaosError, type LeaveReason } from '@kaosnet/protocol'
import type { Clock } from '../../clock.ts'
import type { HostConfig } from '../../config.ts'
import type { MemberNumber, RoomId } from '../../ids.ts'
import type { Logger } from '../../observe/logger.ts'
import type {
  Joiner,
  RoomHost,
  RoomHostEvents,
  RoomInput,
  RoomSpec,
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from '../../room/room-host.ts'
import type { ScriptBundle } from '../../script/loaded-scripts.ts'
import type { NodeServices } from '../../script/node-services.ts'
import type { HostReport } from '../host-report.ts'
import { Watchdog } from '../watchdog.ts'
import { BatchReader, BatchWriter } from './batch.ts'
import { BatchSchedule } from './batch-schedule.ts'
import type { CallMessage } from './call-port.ts'
import { CommandWriter } from './host-commands.ts'
import { type EventHandler, type NodeCall, type Prepared, readEvents } from './host-events.ts'
import { RoomNumbers } from './room-numbers.ts'
import { packError, type ThreadResult, unpackError, unpackResult } from './thread-error.ts'
import { ThreadLink } from './thread-link.ts'
import type { WorkerStart } from './worker-main.ts'

export interface WorkerRoomHostParts {
  /** Its number among the hosts of the server. */
  readonly index: number
  readonly config: HostConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly node: NodeServices
  /** The thread has ended without having been told to: everything in it is gone, and whoever waited has been told. */
  readonly onLost: (reason: string) => void
}

interface Waiting<T> {
  resolve(value: T): void
  reject(error: Error): void
}

/** Input that may be on its way to a worker; more is refused with ROOM_BUSY. */
const WORKER_BOUND_BYTES = 16 * 1024 * 1024
/** A thread that is busy for longer is asked again at the next scrape. */
const REPORT_TIMEOUT_MS = 250
/** Loading Node's and this program's own modules, on a busy machine. */
const START_TIMEOUT_MS = 30_000

/**
 * A room host in a worker thread, as the node sees it: collects commands into batches and tells what comes back. It ends
 * with its thread; {@link RoomHosts} puts another in its place.
 */
export class WorkerRoomHost implements RoomHost {
  readonly #parts: WorkerRoomHostParts
  readonly #link = new ThreadLink()
  readonly #batch = new BatchWriter()
  readonly #commands = new CommandWriter(this.#batch)
  readonly #rooms = new RoomNumbers()
  readonly #invokes = new Map<number, { call: ScriptCall; settle: (outcome: ScriptOutcome) => void }>()
  readonly #prepares = new Map<number, Waiting<ScriptManifest>>()
  readonly #signals = new Map<number, Waiting<unknown>>()
  #worker: Worker | undefined
  #callPort: MessagePort | undefined
  #events: RoomHostEvents | undefined
  #watchdog: Watchdog | undefined
  #report: HostReport | undefined
  /** Who waits for the next report. */
  readonly #refreshes = new Set<() => void>()
  #lastId = 0
  readonly #schedule: BatchSchedule
  #isEnded = false
  /** Resolves when it has, once it has been told to end. */
  #threadEnd: Promise<void> | undefined

  constructor(parts: WorkerRoomHostParts) {
    this.#parts = parts
    this.#schedule = new BatchSchedule(parts.clock, () => this.#flush())
  }

  /** Resolves when the thread runs. */
  async start(events: RoomHostEvents): Promise<void> {
    this.#events = events
    const { index, clock } = this.#parts
    const { limits, rooms, scripts } = this.#parts.config
    const { port1, port2 } = new MessageChannel()
    this.#callPort = port1
    port1.on('message', (message: CallMessage) => this.#takeCallMessage(message))
    port1.unref()
    const worker = new Worker(workerProgram(), {
      name: `kaosnet-host-${index}`,
      workerData: {
        index,
        config: { limits, rooms, scripts },
        memory: this.#link.memory,
        callPort: port2,
      } satisfies WorkerStart,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: rooms.hostHeapMb },
      execArgv: [],
    })
    this.#worker = worker
    worker.on('message', (batch: ArrayBuffer) => this.#takeBatch(batch))
    worker.on('error', (error) => this.#lose(`it failed: ${error.message}`))
    worker.on('exit', (code) => this.#lose(`it exited with code ${code}`))
    await new Promise<void>((resolve, reject) => {
      const timer = clock.setTimer(
        () => reject(new Error('a host thread did not start in time')),
        START_TIMEOUT_MS,
      )
      const settle = (act: () => void) => () => {
        timer.cancel()
        act()
      }
      // The first thing it tells is its report.
      worker.once('message', settle(resolve))
      worker.once(
        'exit',
        settle(() => reject(new Error('a host thread ended while it started'))),
      )
    })
    if (this.#isEnded) throw new Error('a host thread ended while it started')
    this.#watchdog = new Watchdog({
      clock,
      timeoutMs: rooms.hostTimeoutMs,
      readBeat: () => this.#link.beats,
      onStuck: () => this.#lose(`it has not answered for ${rooms.hostTimeoutMs} ms`),
    })
  }

  prepare(scripts: ScriptBundle): Promise<ScriptManifest> {
    return new Promise((resolve, reject) => {
      if (this.#isEnded) return reject(hostLost())
      const id = ++this.#lastId
      this.#prepares.set(id, { resolve, reject })
      this.#tell().prepare(id, scripts)
    })
  }

  activate(): void {
    this.#tell().activate()
  }

  createRoom(spec: RoomSpec): void {
    this.#tell().create(this.#rooms.assign(spec.id), spec)
  }

  join(roomId: RoomId, member: Joiner): void {
    const room = this.#rooms.numberOf(roomId)
    if (room !== undefined) this.#tell().join(room, member)
  }

  leave(roomId: RoomId, member: MemberNumber, reason: LeaveReason): void {
    const room = this.#rooms.numberOf(roomId)
    if (room !== undefined) this.#tell().leave(room, member, reason)
  }

  drop(roomId: RoomId, member: MemberNumber): void {
    const room = this.#rooms.numberOf(roomId)
    if (room !== undefined) this.#tell().drop(room, member)
  }

  resume(roomId: RoomId, member: MemberNumber): void {
    const room = this.#rooms.numberOf(roomId)
    if (room !== undefined) this.#tell().resume(room, member)
  }

  input(roomId: RoomId, member: MemberNumber, message: RoomInput, readAtMs?: number): void {
    const room = this.#rooms.numberOf(roomId)
    if (room === undefined) return
    // Of a thread that is stuck no queue can say that it is full.
    if (this.#link.workerBoundBytes + this.#batch.length > WORKER_BOUND_BYTES) {
      this.#events?.inputRefused(roomId, member, { error: 'ROOM_BUSY' })
      return
    }
    this.#tell().input(room, member, message, readAtMs)
  }

  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    const room = this.#rooms.numberOf(roomId)
    if (room !== undefined) this.#tell().end(room, reason, graceSeconds)
  }

  invoke(call: ScriptCall): Promise<ScriptOutcome> {
    return new Promise((settle) => {
      if (this.#isEnded) return settle(lostOutcome(call))
      const id = ++this.#lastId
      this.#tell().invoke(id, call)
      this.#invokes.set(id, { call, settle })
    })
  }

  signal(roomId: RoomId, data: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isEnded || this.#rooms.numberOf(roomId) === undefined) {
        return reject(new KaosError('ROOM_NOT_FOUND'))
      }
      const id = ++this.#lastId
      this.#signals.set(id, { resolve, reject })
      this.#postCall({ kind: 'signal', id, roomId, data })
    })
  }

  reports(): readonly HostReport[] {
    return this.#report === undefined ? [] : [this.#report]
  }

  refreshReports(): Promise<void> {
    if (this.#isEnded) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#parts.clock.setTimer(settle, REPORT_TIMEOUT_MS)
      const refreshes = this.#refreshes
      function settle(): void {
        timer.cancel()
        refreshes.delete(settle)
        resolve()
      }
      refreshes.add(settle)
      this.#tell().report()
    })
  }

  /** Resolves when the thread has ended, which one that sits in a system call does not do. */
  async close(): Promise<void> {
    if (this.#isEnded) return this.#threadEnd
    this.#isEnded = true
    await this.#endThread()
    this.#settleAll()
  }

  /** The writer for one command, which leaves soon. */
  #tell(): CommandWriter {
    this.#schedule.plan()
    return this.#commands
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    const batch = this.#batch.take()
    if (this.#isEnded) return
    this.#link.postedToWorker(batch.byteLength)
    this.#worker?.postMessage(batch, [batch])
  }

  #takeBatch(batch: ArrayBuffer): void {
    if (this.#isEnded) return
    readEvents(new BatchReader(batch), this.#handler)
    this.#link.takenByNode(batch.byteLength)
  }

  readonly #handler: EventHandler = {
    running: (room, traits) => this.#of(room, (id) => this.#events?.roomRunning(id, traits)),
    ended: (room, end) =>
      this.#of(room, (id) => {
        this.#rooms.forget(id)
        this.#events?.roomEnded(id, end)
      }),
    joinAccepted: (room, member) => this.#of(room, (id) => this.#events?.joinAccepted(id, member)),
    joinRejected: (room, member, reason) =>
      this.#of(room, (id) => this.#events?.joinRejected(id, member, reason)),
    inputRefused: (room, member, refusal) =>
      this.#of(room, (id) => this.#events?.inputRefused(id, member, refusal)),
    data: (room, frame, isReliable, receivers, sentAtMs) => {
      const id = this.#rooms.idOf(room)
      if (id !== undefined) this.#events?.roomData(id, frame, isReliable, receivers, sentAtMs)
    },
    state: (room, frame) => this.#of(room, (id) => this.#events?.roomState(id, frame)),
    kicked: (room, member, reason) => this.#of(room, (id) => this.#events?.memberKicked(id, member, reason)),
    traits: (room, traits) => this.#of(room, (id) => this.#events?.traitsChanged(id, traits)),
    outcome: (id, outcome) => {
      const waiting = this.#invokes.get(id)
      this.#invokes.delete(id)
      waiting?.settle(outcome)
    },
    prepared: (id, prepared) => this.#prepared(id, prepared),
    call: (id, call) => this.#answer(id, call),
    log: ({ level, fields, message }) => this.#parts.logger[level](fields, message),
    report: (report) => {
      this.#report = report
      for (const settle of this.#refreshes) settle()
    },
  }

  #of(room: number, act: (id: RoomId) => void): void {
    const id = this.#rooms.idOf(room)
    if (id !== undefined) act(id)
  }

  #prepared(id: number, prepared: Prepared): void {
    const waiting = this.#prepares.get(id)
    this.#prepares.delete(id)
    if (prepared.kind === 'loaded') waiting?.resolve(prepared.manifest)
    else waiting?.reject(unpackError(prepared.error))
  }

  /** A script in the worker has called the node, and its thread waits. */
  #answer(id: number, { method, args }: NodeCall): void {
    const answer = (result: ThreadResult): void => this.#postCall({ kind: 'answer', id, result })
    try {
      const value = callNode(this.#parts.node, method, args)
      if (!(value instanceof Promise)) return answer({ kind: 'value', value })
      value.then(
        (settled: unknown) => answer({ kind: 'value', value: settled }),
        (error: unknown) => answer({ kind: 'error', error: packError(error) }),
      )
    } catch (error) {
      answer({ kind: 'error', error: packError(error) })
    }
  }

  #postCall(message: CallMessage): void {
    if (this.#isEnded) return
    this.#callPort?.postMessage(message)
    this.#link.signal()
  }

  #takeCallMessage(message: CallMessage): void {
    if (message.kind !== 'signalled') return
    const waiting = this.#signals.get(message.id)
    this.#signals.delete(message.id)
    try {
      waiting?.resolve(unpackResult(message.result))
    } catch (error) {
      waiting?.reject(error as Error)
    }
  }

  #lose(reason: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    void this.#endThread()
    const rooms = this.#rooms.ids()
    this.#parts.logger.error(
      { host: this.#parts.index, reason, rooms: rooms.length },
      'a thread of rooms was lost',
    )
    for (const id of rooms) {
      this.#events?.roomEnded(id, {
        reason: 'host-lost',
        error: `the thread that ran the room was lost: ${reason}`,
      })
    }
    this.#settleAll()
    this.#parts.onLost(reason)
  }

  #endThread(): Promise<void> {
    this.#watchdog?.stop()
    this.#callPort?.close()
    this.#threadEnd = this.#worker?.terminate().then(() => {})
    return this.#threadEnd ?? Promise.resolve()
  }

  #settleAll(): void {
    for (const settle of this.#refreshes) settle()
    for (const { call, settle } of this.#invokes.values()) settle(lostOutcome(call))
    this.#invokes.clear()
    for (const { reject } of [...this.#prepares.values(), ...this.#signals.values()]) reject(hostLost())
    this.#prepares.clear()
    this.#signals.clear()
  }
}

/** The compiled program: a thread cannot run TypeScript, which is what this file is in tests. */
function workerProgram(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? '../../../dist/host/worker/worker-main.js' : './worker-main.js', import.meta.url)
}

function callNode(node: NodeServices, method: string, args: readonly unknown[]): unknown {
  if (method === 'roomSignal') return node.signalRoom(...(args as Parameters<NodeServices['signalRoom']>))
  const call = node[method as keyof NodeServices] as (...args: unknown[]) => unknown
  return call.call(node, ...args)
}

function hostLost(): Error {
  return new KaosError('INTERNAL', 'the thread that runs the scripts was lost')
}

function lostOutcome(call: ScriptCall): ScriptOutcome {
  return {
    kind: 'failed',
    error: 'the thread that ran it was lost',
    code: call.kind === 'rpc' ? 'RPC_FAILED' : 'HOOK_FAILED',
  }
}
