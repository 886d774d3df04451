import type { MemberNumber } from '../../ids.ts'
import type {
  Departed,
  HandedOver,
  JoinDetails,
  MatchHandler,
  MatchInit,
  QueuedInput,
  TickInfo,
} from '../../room/match-handler.ts'
import type { MemberInfo } from '../../room/room-host.ts'
import { MatchContext, type MatchContextParts } from './match-context.ts'
import { checkSetup } from './match-setup.ts'
import type { Presence } from './presence.ts'
import { isPromise, synchronous } from './promises.ts'
import type { RoomDefinition } from './room-definition.ts'
import type { OnInvalidInput } from '../loaded-scripts.ts'
import { NO_MESSAGES, RoomInputs } from './room-inputs.ts'

export interface TypeScriptMatchOptions extends MatchContextParts {
  readonly definition: RoomDefinition
  readonly onInvalidInput: OnInvalidInput
}

/** A room's game in TypeScript (docs/typescript.md#rooms). Keeps its definition: a reload does not change a running room. */
export class TypeScriptMatchHandler implements MatchHandler {
  readonly #definition: RoomDefinition
  readonly #context: MatchContext
  readonly #inputs: RoomInputs
  #state: unknown

  constructor(options: TypeScriptMatchOptions) {
    this.#definition = options.definition
    this.#context = new MatchContext(options)
    this.#inputs = new RoomInputs(options.definition.receives, options.onInvalidInput)
  }

  get version(): string {
    return this.#context.version
  }

  /** Whether it can take over a room of another version. */
  get canUpgrade(): boolean {
    return this.#definition.upgrade !== undefined
  }

  init(params: unknown): MatchInit | Promise<MatchInit> {
    this.#takeParams(params)
    const made = this.#definition.init(this.#context, this.#context.params)
    return isPromise(made) ? made.then((setup) => this.#setUp(setup)) : this.#setUp(made)
  }

  joinAttempt(member: MemberInfo, details: JoinDetails): string | undefined {
    const answer = synchronous(
      'joinAttempt',
      this.#definition.joinAttempt?.(this.#context, this.#state, presenceOf(member), details),
    )
    if (answer === undefined || answer === true) return undefined
    if (typeof answer === 'string') return answer
    return typeof answer === 'object' && answer !== null ? answer.reject : ''
  }

  join(member: MemberInfo): void {
    const presence = presenceOf(member)
    this.#context.presences.set(member.member, presence)
    this.#keep('join', this.#definition.join?.(this.#context, this.#state, presence))
  }

  leave({ member, reason }: Departed): void {
    const presence = this.#context.presences.get(member)
    if (presence === undefined) return
    this.#context.presences.delete(member)
    this.#keep('leave', this.#definition.leave?.(this.#context, this.#state, presence, reason))
  }

  drop(member: MemberNumber): void {
    const presence = this.#context.presences.get(member)
    if (presence === undefined) return
    this.#keep('drop', this.#definition.drop?.(this.#context, this.#state, presence))
  }

  resume(member: MemberNumber): void {
    const presence = this.#context.presences.get(member)
    if (presence === undefined) return
    this.#keep('resume', this.#definition.resume?.(this.#context, this.#state, presence))
  }

  loop({ tick, dtSeconds, skipped }: TickInfo, inputs: readonly QueuedInput[]): boolean {
    const context = this.#context
    if (context.isEnding) return false
    context.tick = tick
    context.dtSeconds = dtSeconds
    context.skipped = skipped
    const messages = inputs.length === 0 ? NO_MESSAGES : this.#inputs.parse(inputs, context.presences)
    const next = this.#definition.loop(context, this.#state, messages)
    if (next !== undefined) this.#keep('loop', next)
    return !context.isEnding
  }

  signal(data: unknown): unknown {
    const { signal } = this.#definition
    if (signal === undefined) throw new Error(`the match module "${this.#context.module}" has no signal`)
    // A copy, as if the caller were in another thread: it cannot reach into the state.
    return structuredClone(
      synchronous('signal', signal.call(this.#definition, this.#context, this.#state, data)),
    )
  }

  terminate(graceSeconds: number): boolean {
    const { terminate } = this.#definition
    if (terminate === undefined) return false
    this.#keep('terminate', terminate.call(this.#definition, this.#context, this.#state, graceSeconds))
    return !this.#context.isEnding
  }

  /** The state itself, not a copy, and the presences, which a state may hold as keys. */
  exportState(): Pick<HandedOver, 'state' | 'presences'> {
    if (this.#context.isEnding) throw new Error('the room ends with its next tick')
    return { state: this.#state, presences: new Map(this.#context.presences) }
  }

  /**
   * Takes over a running room, instead of {@link init}.
   * @throws what the module's `upgrade`, or its parser of params, throws; the older handler is as it was then, as long as
   * the module left the old state alone
   */
  upgrade(from: HandedOver): void {
    const context = this.#context
    this.#takeParams(from.params)
    context.label = from.label
    context.tickHz = from.tickHz
    context.tick = from.tick
    for (const member of from.members) {
      const presence = from.presences?.get(member.member) as Presence | undefined
      context.presences.set(member.member, presence ?? presenceOf(member))
    }
    const { upgrade } = this.#definition
    if (upgrade === undefined) throw new Error(`the match module "${context.module}" has no upgrade`)
    this.#state = synchronous('upgrade', upgrade.call(this.#definition, context, from.state, from.version))
  }

  /** Lets go of the game; the engine has nothing of the room to free. */
  close(): void {
    this.#state = undefined
    this.#context.presences.clear()
  }

  #takeParams(params: unknown): void {
    const { params: parse } = this.#definition
    this.#context.params = parse === undefined ? params : parse(params)
  }

  #setUp(made: unknown): MatchInit {
    const { state, ...init } = checkSetup(made)
    this.#state = state
    this.#context.label = init.label
    if (init.tickHz !== undefined) this.#context.tickHz = init.tickHz
    return init
  }

  /** A callback that returns nothing keeps the present state. */
  #keep(callback: string, returned: unknown): void {
    const next = synchronous(callback, returned)
    if (next !== undefined) this.#state = next
  }
}

function presenceOf({ member, sessionId, userId, username, metadata }: MemberInfo): Presence {
  return Object.freeze({ member, sessionId, userId, username, metadata: Object.freeze({ ...metadata }) })
}
