import type { LuaBudget, LuaCall, LuaRef, LuaRepeatedCall, LuaValue, LuaVm } from '@kaosnet/lua'
import { decodeMessagePack, WireLimits } from '@kaosnet/protocol'
import type { Clock } from '../clock.ts'
import type { MemberNumber, RoomId } from '../ids.ts'
import type {
  Departed,
  MatchHandler,
  MatchInit,
  QueuedInput,
  HandedOver,
  JoinDetails,
  ScriptUsage,
  TickInfo,
} from '../room/match-handler.ts'
import type { MemberInfo } from '../room/room-host.ts'
import type { LuaBudgets } from './lua-budgets.ts'
import { type LuaMatchKeys, TickField } from './lua-match-keys.ts'
import { PRELUDE_MODULE } from './prelude.ts'

export interface LuaMatchOptions {
  readonly vm: LuaVm
  readonly keys: LuaMatchKeys
  readonly clock: Clock
  readonly roomId: RoomId
  readonly module: string
  readonly version: string
  readonly env: Readonly<Record<string, string>>
  readonly budgets: LuaBudgets
}

/** The functions of a match module, in the order the prelude returns them. */
interface MatchFunctions {
  readonly initShim: LuaRef
  readonly loopShim: LuaRef
  readonly init: LuaRef
  readonly joinAttempt: LuaRef | undefined
  readonly join: LuaRef
  readonly leave: LuaRef
  readonly loop: LuaRef
  readonly signal: LuaRef | undefined
  readonly terminate: LuaRef
  readonly upgrade: LuaRef | undefined
  readonly drop: LuaRef | undefined
  readonly resume: LuaRef | undefined
}

const MATCH_FUNCTIONS = 12
const MILLISECONDS = 1000

/**
 * A room's game in Lua (docs/lua.md#match-handlers). The state, the `ctx` table and the presences stay inside the room's own
 * Lua state between calls; only messages cross.
 */
export class LuaMatchHandler implements MatchHandler {
  // First what every tick looks at: of a thousand rooms hardly anything is in a cache when its time comes.
  readonly #tick: LuaRepeatedCall
  readonly #clock: Clock
  readonly #tickBudget: LuaBudget
  /** The state has changed since the last tick that had no messages. */
  #isStateNew = true
  #state: LuaRef | undefined
  readonly #options: LuaMatchOptions
  readonly #functions: MatchFunctions
  readonly #ctx: LuaRef
  readonly #presences = new Map<MemberNumber, LuaRef>()

  /** @throws {LuaError} when the module does not load or lacks a function */
  constructor(options: LuaMatchOptions) {
    this.#options = options
    this.#functions = this.#loadFunctions()
    this.#ctx = options.vm.ref({
      room_id: options.roomId,
      module: options.module,
      version: options.version,
      env: options.env,
      label: '',
    })
    this.#clock = options.clock
    this.#tickBudget = options.budgets.tick
    this.#tick = options.vm.repeat(this.#functions.loop, this.#ctx, options.keys.tickFields)
  }

  get version(): string {
    return this.#options.version
  }

  get usage(): ScriptUsage {
    const { memoryBytes, usedInstructions } = this.#options.vm
    return { memoryBytes, instructions: usedInstructions }
  }

  init(params: unknown): MatchInit {
    const { budgets, vm } = this.#options
    vm.setField(this.#ctx, 'params', params as LuaValue)
    const call = this.#begin(this.#functions.initShim)
    call.pushRef(this.#functions.init)
    this.#pushContext(call)
    call.pushValue(params as LuaValue)
    call.invoke(8, budgets.init)
    if (!call.isNil(1)) this.#state = call.ref(1)
    const init = readInit(call)
    call.end()
    vm.setField(this.#ctx, 'label', init.label)
    vm.setField(this.#ctx, 'tick_rate', init.tickHz)
    return init
  }

  joinAttempt(member: MemberInfo, { password }: JoinDetails): string | undefined {
    const { joinAttempt } = this.#functions
    if (joinAttempt === undefined) return undefined
    const call = this.#begin(joinAttempt)
    this.#pushContext(call)
    this.#pushState(call)
    call.pushValue(presenceValue(member))
    call.pushValue({ password })
    call.invoke(3, this.#options.budgets.join)
    this.#keepState(call)
    const isAccepted = !call.isNil(2) && call.boolean(2, 'accept')
    const refusal = isAccepted ? undefined : (call.optionalString(3, 'reason') ?? '')
    call.end()
    return refusal
  }

  join(member: MemberInfo): void {
    const presence = this.#options.vm.ref(presenceValue(member))
    this.#presences.set(member.member, presence)
    this.#tellOf(member.member, this.#functions.join)
  }

  leave({ member, reason }: Departed): void {
    const presence = this.#presences.get(member)
    if (presence === undefined) return
    const call = this.#begin(this.#functions.leave)
    this.#pushContext(call)
    this.#pushState(call)
    call.newTable(1, 0)
    call.pushRef(presence)
    call.pushString(reason)
    call.setField(this.#options.keys.reason)
    call.setIndex(1)
    this.#presences.delete(member)
    try {
      call.invoke(1, this.#options.budgets.join)
      this.#keepState(call)
      call.end()
    } finally {
      presence.release()
    }
  }

  drop(member: MemberNumber): void {
    this.#tellOf(member, this.#functions.drop)
  }

  resume(member: MemberNumber): void {
    this.#tellOf(member, this.#functions.resume)
  }

  #tellOf(member: MemberNumber, callback: LuaRef | undefined): void {
    const presence = this.#presences.get(member)
    if (presence === undefined || callback === undefined) return
    const call = this.#begin(callback)
    this.#pushContext(call)
    this.#pushState(call)
    call.newTable(1, 0)
    call.pushRef(presence)
    call.setIndex(1)
    call.invoke(1, this.#options.budgets.join)
    this.#keepState(call)
    call.end()
  }

  loop(info: TickInfo, inputs: readonly QueuedInput[]): boolean {
    return inputs.length === 0 && this.#state !== undefined
      ? this.#loopWithoutMessages(info, this.#state)
      : this.#loopWithMessages(info, inputs)
  }

  /** Most ticks of most rooms: what `loop` of the prelude does, with as little as possible to look up. */
  #loopWithoutMessages(info: TickInfo, state: LuaRef): boolean {
    const call = this.#tick
    call.begin()
    if (this.#isStateNew) {
      call.setState(state)
      this.#isStateNew = false
    }
    // Raw: whatever a script has made of its ctx, it gets these.
    call.setInteger(TickField.time, this.#timeMs)
    call.setInteger(TickField.tick, info.tick)
    call.setNumber(TickField.dt, info.dtSeconds)
    call.setInteger(TickField.skipped, info.skipped)
    call.pushFixed()
    call.pushInteger(info.tick)
    call.pushEmptyTable()
    const isOver = !call.invoke(this.#tickBudget)
    if (!isOver && !call.isSameState) call.keepResult(state)
    call.end()
    return !isOver
  }

  #loopWithMessages(info: TickInfo, inputs: readonly QueuedInput[]): boolean {
    const call = this.#begin(this.#functions.loopShim)
    call.pushRef(this.#functions.loop)
    call.pushRef(this.#ctx)
    this.#pushState(call)
    call.pushInteger(info.tick)
    call.newTable(inputs.length, 0)
    let index = 0
    for (const input of inputs) {
      const sender = this.#presences.get(input.member)
      // The member left after it sent this: the handler no longer knows it.
      if (sender === undefined) continue
      this.#pushMessage(call, sender, input)
      call.setIndex(++index)
    }
    call.pushInteger(this.#timeMs)
    call.pushNumber(info.dtSeconds)
    call.pushInteger(info.skipped)
    call.invoke(1, this.#options.budgets.tick)
    const isOver = call.isNil(1)
    if (!isOver) this.#keepState(call)
    call.end()
    return !isOver
  }

  signal(data: unknown): unknown {
    const { signal } = this.#functions
    if (signal === undefined)
      throw new Error(`the match module "${this.#options.module}" has no match_signal`)
    const call = this.#begin(signal)
    this.#pushContext(call)
    this.#pushState(call)
    call.pushValue(data as LuaValue)
    call.invoke(2, this.#options.budgets.join)
    this.#keepState(call)
    const reply = call.value(2, 'reply')
    call.end()
    return reply
  }

  terminate(graceSeconds: number): boolean {
    const call = this.#begin(this.#functions.terminate)
    this.#pushContext(call)
    this.#pushState(call)
    call.pushInteger(graceSeconds)
    call.invoke(1, this.#options.budgets.join)
    const isGoingOn = !call.isNil(1)
    this.#keepState(call)
    call.end()
    return isGoingOn
  }

  get canUpgrade(): boolean {
    return this.#functions.upgrade !== undefined
  }

  exportState(): Pick<HandedOver, 'state' | 'presences'> {
    const state = this.#state === undefined ? undefined : this.#options.vm.toValue(this.#state)
    return { state, presences: undefined }
  }

  upgrade({ version, state, params, label, tickHz, members }: HandedOver): void {
    const { vm, budgets, module } = this.#options
    const { upgrade } = this.#functions
    if (upgrade === undefined) throw new Error(`the match module "${module}" has no match_upgrade`)
    vm.setField(this.#ctx, 'params', params as LuaValue)
    vm.setField(this.#ctx, 'label', label)
    vm.setField(this.#ctx, 'tick_rate', tickHz)
    for (const member of members) this.#presences.set(member.member, vm.ref(presenceValue(member)))
    if (state !== undefined) this.#state = vm.ref(state as LuaValue)
    const call = this.#begin(upgrade)
    this.#pushContext(call)
    this.#pushState(call)
    call.pushString(version)
    call.invoke(1, budgets.init)
    this.#keepState(call)
    call.end()
  }

  close(): void {
    this.#options.vm.close()
  }

  #loadFunctions(): MatchFunctions {
    const { vm, budgets, module } = this.#options
    const select = vm.require(PRELUDE_MODULE, budgets.load)
    const loaded = vm.require(module, budgets.load)
    const call = vm.beginCall(select)
    call.pushRef(loaded)
    call.invoke(MATCH_FUNCTIONS, budgets.load)
    const optional = (position: number): LuaRef | undefined =>
      call.isNil(position) ? undefined : call.function(position)
    const functions = {
      initShim: call.function(1),
      init: call.function(2, 'match_init'),
      joinAttempt: optional(3),
      join: call.function(4, 'match_join'),
      leave: call.function(5, 'match_leave'),
      loop: call.function(6, 'match_loop'),
      signal: optional(7),
      terminate: call.function(8, 'match_terminate'),
      upgrade: optional(9),
      drop: optional(10),
      resume: optional(11),
      loopShim: call.function(12),
    }
    call.end()
    return functions
  }

  #begin(fn: LuaRef): LuaCall {
    return this.#options.vm.beginCall(fn)
  }

  #pushContext(call: LuaCall): void {
    call.pushRef(this.#ctx)
    this.#setTime(call)
  }

  get #timeMs(): number {
    return Math.round(this.#clock.unixMs())
  }

  #setTime(call: LuaCall): void {
    call.pushInteger(this.#timeMs)
    call.setField(this.#options.keys.time)
  }

  #pushState(call: LuaCall): void {
    if (this.#state === undefined) call.pushNil()
    else call.pushRef(this.#state)
  }

  /** Keeps the state that a callback returned first; one that returned none leaves it as it is. */
  #keepState(call: LuaCall): void {
    if (call.isNil(1)) return
    this.#isStateNew = true
    if (this.#state === undefined) this.#state = call.ref(1)
    else call.replaceRef(1, this.#state)
  }

  #pushMessage(call: LuaCall, sender: LuaRef, input: QueuedInput): void {
    const { keys } = this.#options
    call.newTable(0, 5)
    call.pushRef(sender)
    call.setField(keys.sender)
    call.pushInteger(input.op)
    call.setField(keys.op)
    if (input.isMessagePack) call.pushValue(decodeMessagePack(input.data) as LuaValue)
    else call.pushBytes(input.data)
    call.setField(keys.data)
    call.pushBoolean(input.isReliable)
    call.setField(keys.reliable)
    call.pushInteger(Math.round(input.receivedUnixMs))
    call.setField(keys.time)
  }
}

function presenceValue(member: MemberInfo): { readonly [key: string]: LuaValue } {
  return {
    member: member.member,
    session_id: member.sessionId,
    user_id: member.userId,
    username: member.username,
    metadata: (member.metadata ?? {}) as LuaValue,
  }
}

/** The results of the prelude's init: state, tick_rate, label, max_players, empty_timeout, resume_window, locked, private. */
function readInit(call: LuaCall): MatchInit {
  const label = call.optionalString(3, 'label') ?? ''
  const maxPlayers = call.optionalInteger(4, 'max_players')
  if (maxPlayers !== undefined && (maxPlayers < 1 || maxPlayers > WireLimits.memberNumber)) {
    throw new Error(`max_players must be from 1 to ${WireLimits.memberNumber}, got ${maxPlayers}`)
  }
  const emptyTimeout = call.optionalNumber(5, 'empty_timeout')
  if (emptyTimeout !== undefined && !(emptyTimeout >= 0)) {
    throw new Error(`empty_timeout must be seconds, 0 for never, got ${emptyTimeout}`)
  }
  const resumeWindow = call.optionalNumber(6, 'resume_window')
  if (resumeWindow !== undefined && !(resumeWindow >= 0)) {
    throw new Error(`resume_window must be seconds, got ${resumeWindow}`)
  }
  return {
    tickHz: call.optionalNumber(2, 'tick_rate'),
    label,
    maxPlayers,
    emptyTimeoutMs: emptyTimeout === undefined ? undefined : emptyTimeout * MILLISECONDS,
    resumeWindowMs: resumeWindow === undefined ? undefined : resumeWindow * MILLISECONDS,
    isLocked: call.optionalBoolean(7, 'locked'),
    isPrivate: call.optionalBoolean(8, 'private'),
  }
}
