import { decodeMessagePack, encodeMessagePack } from '@kaosnet/protocol'
import type { SessionId } from '@kaosnet/server'
import type { MemberNumber } from '../../../../packages/server/src/ids.ts'
import type { MatchHandler, MatchInit } from '../../../../packages/server/src/room/match-handler.ts'
import { ArenaOp, type EventBatch, parseEvents, parseWelcome, type Welcome } from '../../web/messages.ts'
import { decodeSnapshot, type Snapshot } from '../../web/snapshot.ts'
import type { EngineBench } from './engine-bench.ts'

/** What the room sent, decoded as a client decodes it. */
export interface Sent {
  readonly op: number
  readonly data: unknown
  /** Member numbers; undefined = everybody. */
  readonly to: readonly number[] | undefined
  readonly isReliable: boolean
}

/** What a member sends: bytes go as they are, anything else as MessagePack. */
export interface Message {
  readonly from: number
  readonly op: number
  readonly data: unknown
}

/**
 * A room of the arena in the server's own handler, without clients. Members are called by their numbers. An engine has one
 * such room at a time.
 */
export class RoomBench {
  readonly init: MatchInit
  readonly #engine: EngineBench
  readonly #handler: MatchHandler
  #tick = 0

  private constructor(engine: EngineBench, handler: MatchHandler, init: MatchInit) {
    this.#engine = engine
    this.#handler = handler
    this.init = init
  }

  static async open(engine: EngineBench, params: unknown): Promise<RoomBench> {
    engine.sent.length = 0
    const handler = engine.createRoom()
    return new RoomBench(engine, handler, await handler.init(params))
  }

  join(member: number, username: string, metadata?: Readonly<Record<string, unknown>>): void {
    const sessionId = `session ${member}` as SessionId
    this.#handler.join({
      member: member as MemberNumber,
      sessionId,
      userId: `user ${member}`,
      username,
      metadata,
    })
  }

  leave(member: number): void {
    this.#handler.leave({ member: member as MemberNumber, reason: 'left' })
  }

  /** @param skipped ticks that the server had to pass over */
  tick(messages: readonly Message[] = [], skipped = 0): void {
    this.#tick += 1 + skipped
    const inputs = messages.map(({ from, op, data }) => ({
      member: from as MemberNumber,
      op,
      data: data instanceof Uint8Array ? data : encodeMessagePack(data),
      isMessagePack: !(data instanceof Uint8Array),
      isReliable: false,
      receivedUnixMs: 0,
    }))
    const isGoingOn = this.#handler.loop({ tick: this.#tick, dtSeconds: (1 + skipped) / 30, skipped }, inputs)
    if (!isGoingOn) throw new Error('the arena ended')
  }

  ticks(count: number): void {
    for (let index = 0; index < count; index += 1) this.tick()
  }

  /** What was sent since the last call, oldest first. */
  takeSent(): Sent[] {
    return this.#engine.sent.splice(0).map(({ op, data, isMessagePack, receivers, isReliable }) => ({
      op,
      data: isMessagePack ? decodeMessagePack(data) : data,
      to: receivers?.map((session) => Number(session.replace('session ', ''))),
      isReliable,
    }))
  }

  terminate(graceSeconds: number): boolean {
    return this.#handler.terminate(graceSeconds)
  }

  close(): void {
    this.#handler.close()
  }
}

export function withOp(sent: readonly Sent[], op: number): Sent[] {
  return sent.filter((message) => message.op === op)
}

/** Every welcome, with the member who got it. */
export function welcomesIn(
  sent: readonly Sent[],
): (Welcome & { readonly to: readonly number[] | undefined })[] {
  return withOp(sent, ArenaOp.Welcome).map(({ data, to }) => ({ ...parseWelcome(data), to }))
}

export function eventsIn(sent: readonly Sent[]): EventBatch['events'] {
  return withOp(sent, ArenaOp.Events).flatMap(({ data }) => parseEvents(data).events)
}

export function snapshotsIn(sent: readonly Sent[]): Snapshot[] {
  return withOp(sent, ArenaOp.Snapshot).map(({ data }) => decodeSnapshot(data as Uint8Array))
}
