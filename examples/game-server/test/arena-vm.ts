import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LuaRuntime, type LuaValue, type LuaVm } from '@kaosnet/lua'

const scripts = fileURLToPath(new URL('../lua/', import.meta.url))
const budget = { instructions: 200_000_000, wallMs: 10_000 }

/** A Lua VM that sees the game's modules, without a server around it. */
export class ArenaVm {
  readonly #runtime: LuaRuntime
  readonly vm: LuaVm

  private constructor(runtime: LuaRuntime, seed: number) {
    this.#runtime = runtime
    this.vm = runtime.createVm({
      name: 'arena test',
      clock: { unixMs: () => 1_700_000_000_000, monotonicMs: () => 0 },
      randomSeed: seed,
      modules: (name) => ({
        source: readFileSync(`${scripts}${name}.lua`, 'utf8'),
        chunkName: `${name}.lua`,
      }),
      onPrint: (text) => console.log(text),
    })
  }

  /** @param seed of `math.random` */
  static async open(seed = 1): Promise<ArenaVm> {
    return new ArenaVm(await LuaRuntime.load(), seed)
  }

  /** Runs a chunk, which gets the arguments as `...`, and returns its first result. Globals stay. */
  run(chunk: string, ...args: LuaValue[]): LuaValue {
    return this.vm.call(this.vm.load(chunk, 'test'), args, budget)
  }

  close(): void {
    this.#runtime.close()
  }
}
