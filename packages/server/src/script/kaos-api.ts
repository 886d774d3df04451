import type { KaosContext } from './kaos-context.ts'
import { defineRegistrationApi } from './kaos-registration-api.ts'
import { defineRoomApi } from './kaos-room-api.ts'
import { defineSessionApi } from './kaos-session-api.ts'
import { defineUtilityApi } from './kaos-utility-api.ts'

/** Gives a Lua state its `kaos` table: every function of docs/lua.md. */
export function defineKaosApi(context: KaosContext): void {
  defineRegistrationApi(context)
  defineSessionApi(context)
  defineRoomApi(context)
  defineUtilityApi(context)
}
