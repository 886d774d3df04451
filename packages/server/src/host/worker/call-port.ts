import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { KaosError } from '@kaosnet/protocol'
import type { Clock } from '../../clock.ts'
import type { RoomId } from '../../ids.ts'
import { packError, type ThreadResult, unpackResult } from './thread-error.ts'
import type { ThreadLink } from './thread-link.ts'

/** What crosses by the port for calls, beside the batches. */
export type CallMessage =
  /** Node to worker: the answer to a call. */
  | { readonly kind: 'answer'; readonly id: number; readonly result: ThreadResult }
  /** Node to worker: a script elsewhere signals a room. */
  | { readonly kind: 'signal'; readonly id: number; readonly roomId: RoomId; readonly data: unknown }
  /** Worker to node: what the room made of it. */
  | { readonly kind: 'signalled'; readonly id: number; readonly result: ThreadResult }

export interface CallPortParts {
  readonly port: MessagePort
  readonly link: ThreadLink
  readonly clock: Clock
  /** Posts a call with everything that was told before it. */
  readonly post: (id: number, method: string, args: readonly unknown[]) => void
  readonly signal: (roomId: RoomId, data: unknown) => unknown
}

/** A node that does not answer for so long has worse problems than a script. */
const ANSWER_TIMEOUT_MS = 2_000
/** How often a waiting worker shows that it lives. */
const BEAT_MS = 100

/**
 * The worker's end of synchronous calls: scripts are synchronous, so a call into the node blocks the worker until the
 * answer is there. A worker that waits still serves signals, so that two rooms of two workers may signal each other.
 */
export class CallPort {
  readonly #parts: CallPortParts
  readonly #awaited = new Set<number>()
  readonly #answers = new Map<number, ThreadResult>()
  #lastId = 0

  constructor(parts: CallPortParts) {
    this.#parts = parts
    parts.port.on('message', (message: CallMessage) => this.#take(message))
  }

  /** @throws {KaosError} what the node throws; REQUEST_TIMEOUT when it does not answer */
  call(method: string, args: readonly unknown[]): unknown {
    const { clock, link, port, post } = this.#parts
    const id = ++this.#lastId
    this.#awaited.add(id)
    try {
      post(id, method, args)
      const deadlineMs = clock.nowMs() + ANSWER_TIMEOUT_MS
      for (;;) {
        const { signals } = link
        for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
          this.#take(next.message as CallMessage)
        }
        const answer = this.#answers.get(id)
        if (answer !== undefined) return unpackResult(answer)
        const leftMs = deadlineMs - clock.nowMs()
        if (leftMs <= 0) throw new KaosError('REQUEST_TIMEOUT', `the node did not answer ${method} in time`)
        link.beat()
        link.waitForSignal(signals, Math.min(leftMs, BEAT_MS))
      }
    } finally {
      this.#awaited.delete(id)
      this.#answers.delete(id)
    }
  }

  close(): void {
    this.#parts.port.close()
  }

  #take(message: CallMessage): void {
    if (message.kind === 'answer') {
      // One that comes too late is nobody's any more.
      if (this.#awaited.has(message.id)) this.#answers.set(message.id, message.result)
    } else if (message.kind === 'signal') this.#serve(message.id, message.roomId, message.data)
  }

  #serve(id: number, roomId: RoomId, data: unknown): void {
    let result: ThreadResult
    try {
      result = { kind: 'value', value: this.#parts.signal(roomId, data) }
    } catch (error) {
      result = { kind: 'error', error: packError(error) }
    }
    this.#parts.port.postMessage({ kind: 'signalled', id, result } satisfies CallMessage)
  }
}
