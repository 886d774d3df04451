import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LuaRuntime, type LuaValue, type LuaVm } from '@kaosnet/lua'
import type {
  ArenaConfig,
  ArenaEventRecord,
  ArenaLanguage,
  BodyState,
  InputsBench,
  OrbState,
  PlayerState,
  SteeringInput,
  Vector,
  WorldBench,
} from './language.ts'

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const scripts = folder('../../lua/')
const benchFile = folder('./bench.lua')
const budget = { instructions: 1_000_000_000, wallMs: 30_000 }

/** The rules in Lua, without a server around them: `bench.lua` in a VM. */
export async function openLua(): Promise<ArenaLanguage> {
  return new LuaLanguage(await LuaRuntime.load())
}

class LuaLanguage implements ArenaLanguage {
  readonly #runtime: LuaRuntime
  readonly #vm: LuaVm

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime
    this.#vm = runtime.createVm({
      name: 'arena test',
      clock: { unixMs: () => 1_700_000_000_000, monotonicMs: () => 0 },
      randomSeed: 1,
      modules: (name) => {
        const path = name === 'bench' ? benchFile : `${scripts}${name}.lua`
        return { source: readFileSync(path, 'utf8'), chunkName: `${name}.lua` }
      },
      onPrint: (text) => console.log(text),
    })
  }

  openWorld(seed: number): WorldBench {
    return new LuaWorld(this, this.call('open_world', seed) as number)
  }

  openInputs(): InputsBench {
    return new LuaInputs(this, this.call('open_inputs') as number)
  }

  walk(start: BodyState, inputs: readonly SteeringInput[]): BodyState[] {
    return this.call('walk', start, inputs) as BodyState[]
  }

  radius(score: number): number {
    return this.call('radius', score) as number
  }

  cleanName(raw: unknown): string | undefined {
    return this.call('clean_name', raw) as string | undefined
  }

  guestName(random: number): string {
    return this.call('guest_name', random) as string
  }

  botNames(): readonly string[] {
    return this.call('bot_names') as string[]
  }

  config(): ArenaConfig {
    return this.call('config') as ArenaConfig
  }

  sin(radians: readonly number[]): number[] {
    return this.call('sin', radians) as number[]
  }

  cos(radians: readonly number[]): number[] {
    return this.call('cos', radians) as number[]
  }

  angleOf(vectors: readonly Vector[]): number[] {
    return this.call('angle_of', vectors) as number[]
  }

  randoms(seed: number, count: number): { numbers: number[]; integers: number[] } {
    return this.call('randoms', seed, count) as { numbers: number[]; integers: number[] }
  }

  close(): void {
    this.#runtime.close()
  }

  /** Calls a function of `bench.lua`. */
  call(name: string, ...args: unknown[]): unknown {
    const chunk = this.#vm.load('return require("bench")[(...)](select(2, ...))', 'test')
    try {
      return this.#vm.call(chunk, [name, ...(args as LuaValue[])], budget)
    } finally {
      chunk.release()
    }
  }
}

class LuaWorld implements WorldBench {
  readonly #lua: LuaLanguage
  readonly #id: number

  constructor(lua: LuaLanguage, id: number) {
    this.#lua = lua
    this.#id = id
  }

  get stepCount(): number {
    return (this.#call('counts') as { steps: number }).steps
  }

  get orbCount(): number {
    return (this.#call('counts') as { orbs: number }).orbs
  }

  stand(x: number, y: number, score = 0): number {
    return this.#call('stand', x, y, score) as number
  }

  remove(slot: number): void {
    this.#call('remove', slot)
  }

  change(slot: number, change: Partial<PlayerState>): void {
    this.#call('change', slot, change)
  }

  want(slot: number, input: SteeringInput): void {
    this.#call('want', slot, input)
  }

  receive(slot: number, data: Uint8Array): void {
    this.#call('receive_input', slot, data)
  }

  players(): PlayerState[] {
    return list(this.#call('players')) as PlayerState[]
  }

  placeOrb(x: number, y: number, value: number): void {
    this.#call('place_orb', x, y, value)
  }

  clearOrbs(): void {
    this.#call('clear_orbs')
  }

  orbs(): OrbState[] {
    return list(this.#call('orbs')) as OrbState[]
  }

  balance(wanted: number, humans: number): void {
    this.#call('balance', wanted, humans)
  }

  step(ticks = 1): void {
    this.#call('step', ticks, false)
  }

  stepWithBots(ticks = 1): void {
    this.#call('step', ticks, true)
  }

  takeEvents(): ArenaEventRecord[] {
    return list(this.#call('take_events')) as ArenaEventRecord[]
  }

  snapshot(): Uint8Array {
    const bytes = this.#call('snapshot')
    // Bytes that happen to be UTF-8 come out of Lua as a string.
    return bytes instanceof Uint8Array ? bytes : new TextEncoder().encode(String(bytes))
  }

  #call(name: string, ...args: unknown[]): unknown {
    return this.#lua.call(name, this.#id, ...args)
  }
}

class LuaInputs implements InputsBench {
  readonly #lua: LuaLanguage
  readonly #id: number

  constructor(lua: LuaLanguage, id: number) {
    this.#lua = lua
    this.#id = id
  }

  get size(): number {
    return (this.#lua.call('queue', this.#id) as { size: number }).size
  }

  get acknowledged(): number {
    return (this.#lua.call('queue', this.#id) as { acknowledged: number }).acknowledged
  }

  receive(data: unknown): void {
    this.#lua.call('receive', this.#id, data)
  }

  take(): SteeringInput {
    return this.#lua.call('take', this.#id) as SteeringInput
  }
}

/** An empty table of Lua is no list yet. */
function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
