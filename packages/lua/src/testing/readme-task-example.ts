import type { LuaRef, LuaValue, LuaVm } from '../index.ts'

const SLICE_MS = 2

export async function answer(
  vm: LuaVm,
  rpc: LuaRef,
  payload: LuaValue,
  nextTurn: () => Promise<void>, // resolves when timers and sockets have had their turn
): Promise<LuaValue> {
  const task = vm.beginTask(rpc)
  try {
    task.pushValue(payload)
    let isDone = task.run(1, { instructions: 100_000_000, wallMs: 1000 }, SLICE_MS)
    while (!isDone) {
      await nextTurn()
      isDone = task.resume(SLICE_MS)
    }
    return task.value(1)
  } finally {
    task.end()
  }
}
