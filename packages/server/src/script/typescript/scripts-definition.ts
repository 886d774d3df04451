import type { CallerInfo } from '../../room/room-host.ts'
import type { HookMessages, HookResults } from './hook-messages.ts'
import type { NodeApi, ScriptLog } from './node-api.ts'
import type { Rejection } from './rejection.ts'
import type { Parser } from './room-messages.ts'

/** Who calls an RPC or sent the message of a hook, and what the script can ask of the node. */
export interface CallContext extends CallerInfo, NodeApi {
  /** Strings given with `--env`. */
  readonly env: Readonly<Record<string, string>>
  /** Of the loaded scripts that this call runs in. */
  readonly version: string
  readonly log: ScriptLog
}

/** What it returns, or resolves to, is the answer; what it throws reaches the caller as RPC_FAILED. */
export type RpcHandler = (ctx: CallContext, payload: unknown) => unknown

/**
 * Before a message is processed: returns the message, as it is or changed, or `reject(reason)`. Nothing (a forgotten
 * `return`) rejects too.
 */
export type BeforeHook<Name extends keyof HookMessages> = (
  ctx: CallContext,
  message: HookMessages[Name],
) => HookMessages[Name] | Rejection | Promise<HookMessages[Name] | Rejection>

/** After a message succeeded. What it returns is ignored; what it throws is logged and counted. */
export type AfterHook<Name extends keyof HookMessages> = (
  ctx: CallContext,
  message: HookMessages[Name] & HookResults[Name],
) => unknown

/** What the entry module offers. Every function may be async. */
export interface Scripts {
  readonly rpcs?: Readonly<Record<string, RpcHandler>>
  readonly before?: { readonly [Name in keyof HookMessages]?: BeforeHook<Name> }
  readonly after?: { readonly [Name in keyof HookMessages]?: AfterHook<Name> }
}

/** The entry module: what {@link defineScripts} makes. */
export interface ScriptsDefinition extends Scripts {
  /** Tells definitions apart without knowing which copy of this package made them. */
  readonly kaosnet: 'scripts'
}

/**
 * Defines RPCs and hooks: make it the default export of `main.ts` in the modules folder.
 *
 * @example
 * export default defineScripts({
 *   rpcs: {
 *     open: (ctx) => ctx.rooms.create('duel'),
 *   },
 *   before: {
 *     roomJoin: (ctx, message) => (ctx.vars.banned === 'yes' ? reject('you are banned') : message),
 *   },
 * })
 */
export function defineScripts(scripts: Scripts): ScriptsDefinition {
  return { ...scripts, kaosnet: 'scripts' }
}

/**
 * An RPC whose payload is parsed first: what the parser throws is what the caller gets.
 *
 * @example
 * rpcs: { add: rpc(z.tuple([z.number(), z.number()]).parse, (_ctx, [a, b]) => a + b) }
 */
export function rpc<Payload>(
  parse: Parser<Payload>,
  handler: (ctx: CallContext, payload: Payload) => unknown,
): RpcHandler {
  return (ctx, payload) => handler(ctx, parse(payload))
}
