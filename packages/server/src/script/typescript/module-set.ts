import { sep } from 'node:path'
import type { HookName } from '../../room/room-host.ts'
import { checkRoomDefinition, checkScriptsDefinition } from './check-definition.ts'
import { type HookMessages, hookNameOf } from './hook-messages.ts'
import { type ModuleFile, readModuleFolder } from './module-folder.ts'
import type { RoomDefinition } from './room-definition.ts'
import type { CallContext, RpcHandler } from './scripts-definition.ts'
import type { SourceEvaluator } from './source-evaluator.ts'

/** Places that messages of Node and of the parser end with; they are told in one way, by {@link placeOf}. */
const MESSAGE_TAIL = /\s*\n(Require stack:[\s\S]*|\s*\S+:\d+:\d+)$/
const TOP_LEVEL_AWAIT = ' (modules cannot await at their top level; init can)'

/** A hook, whatever message it is for. */
export type ModuleHook = (ctx: CallContext, message: Record<string, unknown>) => unknown

/** Everything that one load of a modules folder gave. Never changes; rooms hold on to the one they began with. */
export interface ModuleSet {
  readonly hasEntry: boolean
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
  const { root, modules } = await readModuleFolder(dir)
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
    hasEntry: main !== undefined,
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
  const place = placeOf(error.stack ?? '', root)
  const message = error.message.replace(MESSAGE_TAIL, '').trim()
  const hint = message.startsWith('await is only valid') ? TOP_LEVEL_AWAIT : ''
  return `${message}${hint}${place === undefined ? '' : ` (${place})`}`
}

/** The first line of the folder's files that a stack names, e.g. `lib/vector.ts:3`. */
function placeOf(stack: string, root: string): string | undefined {
  for (const part of stack.split(root + sep).slice(1)) {
    const place = /^[^\n()]+?:\d+/.exec(part)?.[0]
    if (place !== undefined) return place.replaceAll(sep, '/')
  }
  return undefined
}
