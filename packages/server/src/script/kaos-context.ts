import type { LuaVm } from '@kaosnet/lua'
import type { Clock } from '../clock.ts'
import type { RoomId } from '../ids.ts'
import type { Logger } from '../observe/logger.ts'
import type { Random } from '../random.ts'
import type { Registrations } from './registrations.ts'
import type { ScriptServices } from './script-services.ts'

/** What one Lua state's `kaos` table works on. */
export interface KaosContext {
  readonly vm: LuaVm
  readonly services: ScriptServices
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** What the state is: the entry script, which may register, or one room. */
  readonly role:
    | { readonly kind: 'entry'; readonly registrations: Registrations }
    | { readonly kind: 'room'; readonly roomId: RoomId }
}
