import type { LuaArguments } from '@kaosnet/lua'
import { WireLimits } from '@kaosnet/protocol'
import { type HookName, hookNames } from '../room/room-host.ts'
import type { KaosContext } from './kaos-context.ts'
import type { Registrations } from './registrations.ts'

/** `kaos.register_rpc`, `kaos.register_before`, `kaos.register_after` (docs/lua.md#rpcs-and-hooks). */
export function defineRegistrationApi({ vm, role }: KaosContext): void {
  const registrationsFor = (name: string): Registrations => {
    if (role.kind === 'entry') return role.registrations
    throw new Error(`${name} is for the entry script (main.lua): a room cannot register anything`)
  }

  vm.defineFunction('kaos.register_rpc', (call) => {
    const { rpcs } = registrationsFor('register_rpc')
    const name = call.string(1, 'name')
    const size = Buffer.byteLength(name)
    if (size === 0 || size > WireLimits.rpcNameBytes) {
      throw new Error(`an RPC name has 1 to ${WireLimits.rpcNameBytes} bytes, got ${size}`)
    }
    const handler = call.function(2, 'handler')
    rpcs.get(name)?.release()
    rpcs.set(name, handler)
  })
  for (const kind of ['before', 'after'] as const) {
    vm.defineFunction(`kaos.register_${kind}`, (call) => {
      const hooks = registrationsFor(`register_${kind}`)[kind]
      const name = hookName(call)
      const handler = call.function(2, 'handler')
      hooks.get(name)?.release()
      hooks.set(name, handler)
    })
  }
}

function hookName(call: LuaArguments): HookName {
  const name = call.string(1, 'message')
  const known = hookNames.find((candidate) => candidate === name)
  if (known !== undefined) return known
  throw new Error(`there is no message "${name}" to hook; there are ${hookNames.join(', ')}`)
}
