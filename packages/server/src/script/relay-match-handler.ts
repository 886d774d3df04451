import type { MemberNumber, RoomId, SessionId } from '../ids.ts'
import type { Departed, HandedOver, JoinDetails, MatchHandler, MatchInit } from '../room/match-handler.ts'
import type { MemberInfo, RoomInput } from '../room/room-host.ts'
import { readRelayParams } from './relay-params.ts'
import type { ScriptServices } from './script-services.ts'

export interface RelayMatchOptions {
  readonly roomId: RoomId
  readonly version: string
  readonly services: Pick<ScriptServices, 'roomSend'>
  /** The most seats that the params may ask for. */
  readonly maxPlayersBound: number
}

/** A room without game logic: what a member sends goes to all others as it is, at once (docs/relay.md). */
export class RelayMatchHandler implements MatchHandler {
  readonly canUpgrade = false
  readonly #options: RelayMatchOptions
  readonly #members = new Map<MemberNumber, SessionId>()
  #password: string | undefined

  constructor(options: RelayMatchOptions) {
    this.#options = options
  }

  get version(): string {
    return this.#options.version
  }

  /** @throws {Error} when the params are not what they may be */
  init(params: unknown): MatchInit {
    const init = readRelayParams(params, this.#options.maxPlayersBound)
    this.#password = init.password
    return init
  }

  joinAttempt(_member: MemberInfo, { password }: JoinDetails): string | undefined {
    return this.#password === undefined || password === this.#password ? undefined : 'wrong password'
  }

  join({ member, sessionId }: MemberInfo): void {
    this.#members.set(member, sessionId)
  }

  leave({ member }: Departed): void {
    this.#members.delete(member)
  }

  receive(from: MemberNumber, { op, data, isMessagePack, isReliable }: RoomInput): void {
    const sender = this.#members.get(from)
    if (sender === undefined) return
    const receivers: SessionId[] = []
    for (const [member, session] of this.#members) if (member !== from) receivers.push(session)
    if (receivers.length === 0) return
    const { roomId, services } = this.#options
    services.roomSend(roomId, { op, data, isMessagePack, isReliable, sender, receivers })
  }

  loop(): boolean {
    return true
  }

  signal(): never {
    throw new Error('a relayed room takes no signals')
  }

  terminate(): boolean {
    return false
  }

  exportState(): Pick<HandedOver, 'state' | 'presences'> {
    return { state: undefined, presences: undefined }
  }

  upgrade(): never {
    throw new Error('a relayed room keeps its version')
  }

  close(): void {
    this.#members.clear()
  }
}
