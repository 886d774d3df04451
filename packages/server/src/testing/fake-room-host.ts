import type { LeaveReason } from '@kaosnet/protocol'
import type { HostReport } from '../host/host-report.ts'
import type { MemberNumber, RoomId } from '../ids.ts'
import type {
  HookName,
  Joiner,
  RoomHost,
  RoomHostEvents,
  RoomInput,
  RoomSpec,
  ScriptCall,
  ScriptManifest,
  ScriptOutcome,
} from '../room/room-host.ts'
import type { ScriptBundle } from '../script/loaded-scripts.ts'

export type HostCommand =
  | { readonly kind: 'create'; readonly spec: RoomSpec }
  | { readonly kind: 'join'; readonly roomId: RoomId; readonly member: Joiner }
  | {
      readonly kind: 'leave'
      readonly roomId: RoomId
      readonly member: MemberNumber
      readonly reason: LeaveReason
    }
  | { readonly kind: 'drop' | 'resume'; readonly roomId: RoomId; readonly member: MemberNumber }
  | {
      readonly kind: 'input'
      readonly roomId: RoomId
      readonly member: MemberNumber
      readonly message: RoomInput
    }
  | {
      readonly kind: 'end'
      readonly roomId: RoomId
      readonly reason: 'closed' | 'shutdown'
      readonly graceSeconds: number
    }

/** What a script registered, for a host that runs none. */
export function manifest(registered: {
  rpcs?: readonly string[]
  before?: readonly HookName[]
  after?: readonly HookName[]
}): ScriptManifest {
  return {
    version: 'v1',
    rpcs: new Set(registered.rpcs),
    before: new Set(registered.before),
    after: new Set(registered.after),
    modules: new Set(['game']),
  }
}

/** A host that notes its commands and answers nothing by itself: the test says what happens. */
export class FakeRoomHost implements RoomHost {
  readonly commands: HostCommand[] = []
  readonly calls: ScriptCall[] = []
  /** Answers RPCs and hooks; a before-hook leaves its message as it is by default. */
  onInvoke: (call: ScriptCall) => ScriptOutcome | Promise<ScriptOutcome> = (call) => ({
    kind: 'value',
    value: call.kind === 'rpc' ? call.payload : call.message,
  })

  /** Versions that were prepared and activated, e.g. `prepare v2`, `activate`. */
  readonly deployed: string[] = []
  onPrepare: (bundle: ScriptBundle) => Promise<ScriptManifest> = async ({ version }) => ({
    ...manifest({}),
    version,
  })
  onSignal: (roomId: RoomId, data: unknown) => unknown = () => undefined

  async start(_events: RoomHostEvents): Promise<void> {}

  prepare(bundle: ScriptBundle): Promise<ScriptManifest> {
    this.deployed.push(`prepare ${bundle.version}`)
    return this.onPrepare(bundle)
  }

  activate(): void {
    this.deployed.push('activate')
  }

  async signal(roomId: RoomId, data: unknown): Promise<unknown> {
    return this.onSignal(roomId, data)
  }

  reports(): readonly HostReport[] {
    return []
  }

  async refreshReports(): Promise<void> {}

  createRoom(spec: RoomSpec): void {
    this.commands.push({ kind: 'create', spec })
  }

  join(roomId: RoomId, member: Joiner): void {
    this.commands.push({ kind: 'join', roomId, member })
  }

  leave(roomId: RoomId, member: MemberNumber, reason: LeaveReason): void {
    this.commands.push({ kind: 'leave', roomId, member, reason })
  }

  drop(roomId: RoomId, member: MemberNumber): void {
    this.commands.push({ kind: 'drop', roomId, member })
  }

  resume(roomId: RoomId, member: MemberNumber): void {
    this.commands.push({ kind: 'resume', roomId, member })
  }

  input(roomId: RoomId, member: MemberNumber, message: RoomInput): void {
    this.commands.push({
      kind: 'input',
      roomId,
      member,
      message: { ...message, data: new Uint8Array(message.data) },
    })
  }

  endRoom(roomId: RoomId, reason: 'closed' | 'shutdown', graceSeconds: number): void {
    this.commands.push({ kind: 'end', roomId, reason, graceSeconds })
  }

  async invoke(call: ScriptCall): Promise<ScriptOutcome> {
    this.calls.push(call)
    return this.onInvoke(call)
  }

  async close(): Promise<void> {}

  /** Commands of one kind, oldest first. */
  taken<K extends HostCommand['kind']>(kind: K): Extract<HostCommand, { kind: K }>[] {
    return this.commands.filter(
      (command): command is Extract<HostCommand, { kind: K }> => command.kind === kind,
    )
  }
}
