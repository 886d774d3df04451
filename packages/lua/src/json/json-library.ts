import { INSTRUCTIONS_PER_VALUE } from '../vm/budget.ts'
import type { RuntimeCore } from '../vm/runtime-core.ts'
import { type LuaThread, LuaType, type Pointer } from '../wasm/lua-api.ts'
import { JsonDecoder } from './json-decoder.ts'
import { JsonEncoder } from './json-encoder.ts'
import { JsonProblem } from './json-problem.ts'

/** Bytes of JSON that take about as long as one instruction. */
const JSON_BYTES_PER_INSTRUCTION = 4

/** The C functions behind `LuaVm.defineJson`. Their results count as the script's memory. */
export function createJsonFunctions(runtime: RuntimeCore): { encode: Pointer; decode: Pointer } {
  const { wasm, text } = runtime
  const { api } = wasm
  const encoder = new JsonEncoder(wasm, text, (values) =>
    runtime.spend(runtime.running().thread, values * INSTRUCTIONS_PER_VALUE),
  )
  const decoder = new JsonDecoder(wasm, text)

  /** A problem becomes a Lua error; anything else, a Lua error under way above all, flies on. */
  const attempt = <T>(L: LuaThread, what: string, work: () => T): T => {
    let problem: JsonProblem
    try {
      return work()
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error
      problem = error
    }
    return runtime.raise(L, `${what}: ${problem.message}`)
  }

  const encode = (L: LuaThread) => {
    const core = runtime.running()
    if (api.lua_gettop(L) === 0) runtime.raise(L, "bad argument #1 to 'json_encode' (value expected)")
    const json = attempt(L, 'cannot encode JSON', () => encoder.encode(core, core.jsonLimits, L, 1))
    runtime.spend(L, json.length / JSON_BYTES_PER_INSTRUCTION)
    text.pushBytes(L, json)
    return 1
  }

  const decode = (L: LuaThread) => {
    const core = runtime.running()
    if (api.lua_type(L, 1) !== LuaType.string) {
      runtime.raise(L, "bad argument #1 to 'json_decode' (string expected)")
    }
    const pointer = text.locate(L, 1)
    const sizeBytes = text.lastLength
    runtime.spend(L, sizeBytes / JSON_BYTES_PER_INSTRUCTION)
    attempt(L, 'invalid JSON', () => decoder.decode(core, core.jsonLimits, L, pointer, sizeBytes))
    return 1
  }

  return { encode: runtime.native(encode), decode: runtime.native(decode) }
}
