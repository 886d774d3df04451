import {
  type ClientPayloadName,
  KaosError,
  type ServerPayload,
  type ServerPayloadName,
} from '@kaosnet/protocol'
import type { ClientClock, ClientTimer } from './clock.ts'

/** What a caller may say about one request. */
export interface RequestOptions {
  /** How long to wait for the answer; the client's `requestTimeoutMs` when omitted, Infinity for ever. */
  readonly timeoutMs?: number | undefined
  /** Calls the wait off: the promise rejects with the signal's reason. The server may have done the work all the same. */
  readonly signal?: AbortSignal | undefined
}

/** What the client itself may say besides. */
export interface WaitOptions extends RequestOptions {
  /** The reply has an effect even when the caller waits no longer: `onReply` gets it whenever it comes. */
  readonly isReplyKept?: boolean | undefined
}

interface PendingRequest {
  readonly replyName: ServerPayloadName
  readonly timeoutMs: number
  timer: ClientTimer | undefined
  settle(reply: unknown): void
  fail(reason: unknown): void
  /** The caller waits no longer. */
  callOff(reason: unknown): void
}

/** Operations that are requests (docs/protocol.md#requests). */
export type RequestName = Extract<ClientPayloadName, ReplyName | 'Rpc'>
export type ReplyName = Exclude<
  ServerPayloadName,
  'SessionEnd' | 'Error' | 'RoomPresence' | 'MatchmakerTicket'
>
type ReplyNameOf<Name extends RequestName> = Name extends 'Rpc' ? 'RpcResponse' : Exclude<Name, 'Rpc'>
export type Reply<Name extends RequestName> = ServerPayload<ReplyNameOf<Name>>

/** The operation that answers a request. */
export function replyName<Name extends RequestName>(name: Name): ReplyNameOf<Name> {
  return (name === 'Rpc' ? 'RpcResponse' : name) as ReplyNameOf<Name>
}

const MAX_REQUEST_ID = 0xffff_ffff
/** Far above what a server processes at once for one session. */
const MAX_PENDING = 1_024

/**
 * Requests that wait for their answer. Each ends exactly once for its caller: by answer, error, timeout, abort or
 * {@link failAll}.
 */
export class PendingRequests {
  readonly #clock: ClientClock
  readonly #defaultTimeoutMs: number
  readonly #pending = new Map<number, PendingRequest>()
  #lastId = 0
  #isPaused = false

  constructor(clock: ClientClock, defaultTimeoutMs: number) {
    this.#clock = clock
    this.#defaultTimeoutMs = defaultTimeoutMs
  }

  get size(): number {
    return this.#pending.size
  }

  /**
   * Opens a request.
   * @param onReply Makes the result of the reply. Runs while the reply's message is being read, so before any frame
   *   that follows.
   * @throws {KaosError} TOO_MANY_REQUESTS
   */
  open<Name extends ServerPayloadName, Result>(
    replyName: Name,
    options: WaitOptions,
    onReply: (reply: ServerPayload<Name>) => Result,
  ): { readonly id: number; readonly result: Promise<Result> } {
    if (this.#pending.size >= MAX_PENDING) {
      throw new KaosError('TOO_MANY_REQUESTS', `${MAX_PENDING} requests wait for an answer already`)
    }
    const id = this.#nextId()
    const result = new Promise<Result>((resolve, reject) => {
      const { signal, timeoutMs = this.#defaultTimeoutMs } = options
      const onAbort = (): void => request.callOff(signal?.reason)
      const release = (): void => {
        request.timer?.cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      const request: PendingRequest = {
        replyName,
        timeoutMs,
        timer: undefined,
        settle(reply) {
          release()
          try {
            resolve(onReply(reply as ServerPayload<Name>))
          } catch (error) {
            reject(error)
          }
        },
        fail(reason) {
          release()
          reject(reason)
        },
        callOff: (reason) => {
          if (options.isReplyKept !== true) this.#pending.delete(id)
          request.fail(reason)
        },
      }
      this.#pending.set(id, request)
      signal?.addEventListener('abort', onAbort)
      if (!this.#isPaused) this.#arm(request)
    })
    return { id, result }
  }

  /** @returns whether somebody waited for this reply. */
  settle<Name extends ServerPayloadName>(
    name: Name,
    reply: ServerPayload<Name> & { readonly id: number },
  ): boolean {
    const request = this.#pending.get(reply.id)
    if (request === undefined) return false
    if (request.replyName !== name) {
      const message = `request ${reply.id} was answered by ${name} instead of ${request.replyName}`
      return this.fail(reply.id, new KaosError('INVALID_PAYLOAD', message))
    }
    this.#pending.delete(reply.id)
    request.settle(reply)
    return true
  }

  /** @returns whether there was such a request. */
  fail(id: number, reason: unknown): boolean {
    const request = this.#pending.get(id)
    if (request === undefined) return false
    this.#pending.delete(id)
    request.fail(reason)
    return true
  }

  /** Fails the requests that wait for one kind of reply. */
  failNamed(replyName: ServerPayloadName, reason: unknown): void {
    for (const [id, request] of this.#pending) if (request.replyName === replyName) this.fail(id, reason)
  }

  /** No answer can come for now: no time runs out. */
  pause(): void {
    this.#isPaused = true
    for (const { timer } of this.#pending.values()) timer?.cancel()
  }

  /** Every request has its whole time again. */
  resume(): void {
    this.#isPaused = false
    for (const request of this.#pending.values()) this.#arm(request)
  }

  failAll(reason: unknown): void {
    for (const id of [...this.#pending.keys()]) this.fail(id, reason)
  }

  #nextId(): number {
    do {
      this.#lastId = this.#lastId === MAX_REQUEST_ID ? 1 : this.#lastId + 1
    } while (this.#pending.has(this.#lastId))
    return this.#lastId
  }

  #arm(request: PendingRequest): void {
    const { replyName, timeoutMs } = request
    request.timer?.cancel()
    if (!Number.isFinite(timeoutMs)) return
    request.timer = this.#clock.setTimer(() => {
      request.callOff(new KaosError('REQUEST_TIMEOUT', `no ${replyName} within ${timeoutMs} ms`))
    }, timeoutMs)
  }
}
