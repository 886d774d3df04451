import type { LuaRuntime } from '../index.ts'

const modules = new Map([
  [
    'arena',
    `local M = {}
     function M.tick(state, messages)
       for _, message in ipairs(messages) do
         state.score = state.score + message.points
         world.announce(message.who, state.score)
       end
       return state
     end
     return M`,
  ],
])

export function play(runtime: LuaRuntime, announce: (line: string) => void): void {
  const vm = runtime.createVm({
    name: 'arena 1',
    memoryLimitBytes: 4 * 1024 * 1024,
    clock: { unixMs: Date.now, monotonicMs: () => performance.now() },
    randomSeed: 42,
    modules: (name) => {
      const source = modules.get(name)
      return source === undefined ? undefined : { source, chunkName: `${name}.lua` }
    },
    onPrint: announce,
  })
  vm.defineFunction('world.announce', (call) => {
    announce(`${call.string(1, 'who')} makes it ${call.integer(2, 'score')}`)
  })

  const budget = { instructions: 1_000_000, wallMs: 20 }
  const tick = vm.field(vm.require('arena', budget), 'tick', budget)
  if (tick === undefined) throw new Error('the arena has no tick')
  const state = vm.ref({ score: 0 }) // stays inside Lua from tick to tick
  const keys = { who: runtime.key('who'), points: runtime.key('points') }

  const call = vm.beginCall(tick)
  call.pushRef(state)
  call.newTable(1, 0)
  call.newTable(0, 2)
  call.pushString('Ada')
  call.setField(keys.who)
  call.pushInteger(3)
  call.setField(keys.points)
  call.setIndex(1)
  call.invoke(1, budget) // throws a LuaError with a Lua traceback
  call.replaceRef(1, state)
  call.end()

  announce(JSON.stringify(vm.toValue(state)))
  vm.close()
}
