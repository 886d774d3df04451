import type { HookName } from '../../room/room-host.ts'
import { checkRoomDefinition, checkScriptsDefinition } from './check-definition.ts'
import { type HookMessages, hookNameOf } from './hook-messages.ts'
import { type ModuleFile, readModuleFolder } from './module-folder.ts'
import type { RoomDefinition } from './room-definition.ts'
import type { CallContext, RpcHandler } from './scripts-definition.ts'
import type { SourceEvaluator } from './source-evaluator.ts'

/** A hook, whatever message it is for. */
export type ModuleHook = (ctx: CallContext, message: Record<string, unknown>) => unknown

/** Everything that one load of a modules folder gave. Never changes; rooms hold on to the one they began with. */
export interface ModuleSet {
  readonly version: string
  readonly rooms: ReadonlyMap<string, RoomDefinition>
  readonly rpcs: ReadonlyMap<string, RpcHandler>
  readonly before: ReadonlyMap<HookName, ModuleHook>
  readonly after: ReadonlyMap<HookName, ModuleHook>
}

/**
 * Loads a modules folder whole, or not at all.
 * @param entry Name of the module with RPCs and hooks, which may be absent; every other one is a room.
 * @throws an error that names the file, and the line where there is one
 */
export async function loadModuleSet(
  dir: string,
  entry: string,
  evaluator: SourceEvaluator,
): Promise<ModuleSet> {
  const { root, modules, version } = await readModuleFolder(dir)
  const evaluation = evaluator.begin(root)
  const load = <T>(file: ModuleFile, check: (exports: unknown) => T): T => {
    let exports: unknown
    try {
      exports = evaluation.evaluate(file.path)
    } catch (cause) {
      throw new Error(`${file.title} cannot be loaded: ${describe(cause, root)}`, { cause })
    }
    try {
      return check(exports)
    } catch (cause) {
      throw new Error(`${file.title}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    }
  }
  const main = modules.find(({ name }) => name === entry)
  const scripts = main === undefined ? undefined : load(main, checkScriptsDefinition)
  const rooms = new Map<string, RoomDefinition>()
  for (const file of modules) if (file !== main) rooms.set(file.name, load(file, checkRoomDefinition))
  return {
    version,
    rooms,
    rpcs: new Map(Object.entries(scripts?.rpcs ?? {})),
    before: hooksOf(scripts?.before),
    after: hooksOf(scripts?.after),
  }
}

function hooksOf(hooks: object = {}): Map<HookName, ModuleHook> {
  const entries = Object.entries(hooks) as [keyof HookMessages, ModuleHook][]
  return new Map(entries.map(([name, hook]) => [hookNameOf[name], hook]))
}

/** What went wrong, and in which line of which file below the modules folder. */
function describe(error: unknown, root: string): string {
  if (!(error instanceof Error)) return String(error)
  const [, line] = (error.stack ?? '').split(`${root}/`)
  const place = /^(\S+?:\d+)/.exec(line ?? '')?.[1]
  // A ParseError carries its place in the message already.
  const message = error.message.replace(/\s*\n[\s\S]*$/, '').trim()
  const hint = message.startsWith('await is only valid')
    ? ' (modules cannot await at their top level; init can)'
    : ''
  return `${message}${hint}${place === undefined ? '' : ` (${place})`}`
}
