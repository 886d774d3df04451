import type { LuaArguments } from '@kaosnet/lua'
import { clipUtf8 } from '../peer/peer.ts'
import type { KaosContext } from './kaos-context.ts'

/** `kaos.time_now`, `kaos.uuid`, `kaos.json_*`, `kaos.null`, `kaos.logger_*` (docs/lua.md#utilities). */
export function defineUtilityApi({ vm, clock, random, logger }: KaosContext): void {
  vm.defineFunction('kaos.time_now', () => Math.round(clock.unixMs()))
  vm.defineFunction('kaos.uuid', () => random.uuid())
  vm.defineValue('kaos.null', null)
  vm.defineArray('kaos.array')
  vm.defineJson('kaos.json_encode', 'kaos.json_decode')
  for (const level of ['info', 'warn', 'error'] as const) {
    vm.defineFunction(`kaos.logger_${level}`, (call) => {
      logger[level]({}, clipUtf8(loggable(call), LOG_LINE_BYTES))
    })
  }
}

/** What one log line says at most, as with `print`. */
const LOG_LINE_BYTES = 16_384

/** Strings and numbers as they are, other values as JSON. */
function loggable(call: LuaArguments): string {
  const type = call.typeName(1)
  if (type === 'string' || type === 'number') return Buffer.from(call.bytes(1, 'message')).toString()
  return (
    JSON.stringify(call.value(1, 'message'), (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    ) ?? 'nil'
  )
}
