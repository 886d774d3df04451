import { describe, expect, it, onTestFinished } from 'vitest'
import { resolveConfig } from '../config.ts'
import { HostStats } from '../host/host-stats.ts'
import { luaFiles, rpcCall } from '../testing/lua-world.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { moduleFolder, ROOM_ID, type Sources, writeModules } from '../testing/module-world.ts'
import { deferred } from '../testing/promises.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { recordingServices } from '../testing/recording-services.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { AllLanguages } from './all-languages.ts'
import type { LoadedScripts, ScriptBundle } from './loaded-scripts.ts'
import { LuaLanguage } from './lua-language.ts'
import { RELAY_MODULE, RelayLanguage } from './relay-language.ts'
import { TypeScriptLanguage } from './typescript/typescript-language.ts'

function languages(relay = false): AllLanguages {
  const parts = {
    config: resolveConfig({ options: { scripts: { callVmsMin: 2 }, rooms: { relay } } }),
    clock: new ManualClock(),
    random: seededRandom(1),
    logger: recordingLogger(),
    stats: new HostStats(),
    services: recordingServices(),
  }
  const all = new AllLanguages(
    new LuaLanguage(parts),
    new TypeScriptLanguage(parts),
    new RelayLanguage(parts),
  )
  onTestFinished(() => all.close())
  return all
}

function bundle(lua: Sources | undefined, modulesDir: string | undefined, version = 'v1'): ScriptBundle {
  return { version, lua: lua === undefined ? undefined : luaFiles(lua), modulesDir }
}

/** A match module whose label is the language. */
const luaRoom = `
local function keep(ctx, state) return state end
return {
  match_init = function() return { state = {}, label = 'Lua' } end,
  match_join = keep, match_leave = keep, match_loop = keep, match_terminate = keep,
}`
const typescriptRoom = `
import { defineRoom } from '@kaosnet/server/script'
export default defineRoom({ init: () => ({ state: {}, label: 'TypeScript' }), loop() {} })`

const luaMain = `
kaos.register_rpc('language', function() return 'Lua' end)
kaos.register_before('room_join', function(ctx, message) return message end)
kaos.register_after('room_leave', function() end)`
const typescriptMain = `
import { defineScripts } from '@kaosnet/server/script'
export default defineScripts({
  rpcs: { language: () => 'TypeScript', wait: (_ctx, gate) => gate },
  before: { roomCreate: (_ctx, message) => message },
  after: { rpc() {} },
})`

async function labelOf(scripts: LoadedScripts, module: string): Promise<string> {
  const match = scripts.createMatch(ROOM_ID, module, () => {})
  return (await match.init({})).label
}

const inLua = { kind: 'value', value: 'Lua' }
const inTypeScript = { kind: 'value', value: 'TypeScript' }

describe('rooms', () => {
  it('are of the language that has their module, and of TypeScript when both have', async () => {
    const dir = moduleFolder({ 'arena.ts': typescriptRoom, 'duel.js': typescriptRoom })
    const scripts = await languages().load(bundle({ 'arena.lua': luaRoom, 'race.lua': luaRoom }, dir))
    expect(scripts.modules).toEqual(new Set(['arena', 'duel', 'race']))
    expect(await labelOf(scripts, 'arena')).toBe('TypeScript')
    expect(await labelOf(scripts, 'duel')).toBe('TypeScript')
    expect(await labelOf(scripts, 'race')).toBe('Lua')
    expect(() => scripts.createMatch(ROOM_ID, 'none', () => {})).toThrow('none')
  })

  it('are relayed ones too, which no script can replace', async () => {
    const scripts = await languages(true).load(bundle({ 'race.lua': luaRoom }, undefined))
    expect(scripts.modules).toEqual(new Set(['race', RELAY_MODULE]))
    const match = scripts.createMatch(ROOM_ID, RELAY_MODULE, () => {})
    expect(match.init({ max_players: 2, label: 'relayed' })).toMatchObject({
      maxPlayers: 2,
      label: 'relayed',
    })
    const clash = languages(true).load(bundle({ 'kaos/relay.lua': luaRoom }, undefined))
    await expect(clash).rejects.toThrow('kaos/relay is the name of a built-in module')
  })

  it('name the version of the bundle in both', async () => {
    const dir = moduleFolder({ 'duel.ts': typescriptRoom })
    const scripts = await languages().load(bundle({ 'race.lua': luaRoom }, dir, 'v7'))
    const versions = ['duel', 'race'].map((name) => scripts.createMatch(ROOM_ID, name, () => {}).version)
    expect([scripts.version, ...versions]).toEqual(['v7', 'v7', 'v7'])
  })
})

describe('the entry module', () => {
  it('in TypeScript stands in place of main.lua, which does not run', async () => {
    const dir = moduleFolder({ 'main.ts': typescriptMain })
    const scripts = await languages().load(bundle({ 'main.lua': 'error("main.lua has run")' }, dir))
    expect(scripts.hasEntry).toBe(true)
    expect(scripts.rpcs).toEqual(new Set(['language', 'wait']))
    expect(scripts.before).toEqual(new Set(['room_create']))
    expect(scripts.after).toEqual(new Set(['rpc']))
    expect(scripts.modules).toEqual(new Set())
    expect(await scripts.invoke(rpcCall('language'))).toEqual(inTypeScript)
  })

  it('is main.lua when TypeScript has none', async () => {
    const dir = moduleFolder({ 'arena.ts': typescriptRoom })
    const scripts = await languages().load(bundle({ 'main.lua': luaMain }, dir))
    expect(scripts.hasEntry).toBe(true)
    expect(scripts.rpcs).toEqual(new Set(['language']))
    expect(scripts.before).toEqual(new Set(['room_join']))
    expect(scripts.after).toEqual(new Set(['room_leave']))
    expect(await scripts.invoke(rpcCall('language'))).toEqual(inLua)
    expect(await labelOf(scripts, 'arena')).toBe('TypeScript')
  })

  it('may be absent in both', async () => {
    const scripts = await languages().load(bundle({}, moduleFolder({})))
    expect([scripts.hasEntry, scripts.rpcs.size, scripts.modules.size]).toEqual([false, 0, 0])
    expect(await scripts.invoke(rpcCall('language'))).toMatchObject({ kind: 'failed', code: 'RPC_FAILED' })
  })
})

describe('one language alone', () => {
  it('without a modules folder there is only Lua', async () => {
    const scripts = await languages().load(bundle({ 'main.lua': luaMain, 'arena.lua': luaRoom }, undefined))
    expect(scripts.modules).toEqual(new Set(['arena']))
    expect(await scripts.invoke(rpcCall('language'))).toEqual(inLua)
    expect(await labelOf(scripts, 'arena')).toBe('Lua')
  })

  it('without a scripts folder there is only TypeScript', async () => {
    const dir = moduleFolder({ 'main.ts': typescriptMain, 'arena.ts': typescriptRoom })
    const scripts = await languages().load(bundle(undefined, dir))
    expect(scripts.modules).toEqual(new Set(['arena']))
    expect(await scripts.invoke(rpcCall('language'))).toEqual(inTypeScript)
    expect(await labelOf(scripts, 'arena')).toBe('TypeScript')
  })

  it('without either there is nothing, and calls fail', async () => {
    const scripts = await languages().load(bundle(undefined, undefined))
    expect([scripts.hasEntry, scripts.modules.size]).toEqual([false, 0])
    expect(await scripts.invoke(rpcCall('language'))).toMatchObject({ kind: 'failed' })
  })
})

describe('a load that fails', () => {
  it.each<[string, Sources, Sources, string]>([
    ['TypeScript', { 'main.lua': luaMain }, { 'arena.ts': 'oh no' }, 'arena.ts cannot be loaded'],
    ['Lua', { 'main.lua': 'error("no map")' }, { 'arena.ts': typescriptRoom }, 'no map'],
  ])('because of %s changes nothing', async (_language, lua, modules, message) => {
    const dir = moduleFolder({ 'arena.ts': typescriptRoom })
    const all = languages()
    const first = await all.load(bundle({ 'main.lua': luaMain, 'race.lua': luaRoom }, dir))
    writeModules(dir, modules)
    await expect(all.load(bundle(lua, dir, 'v2'))).rejects.toThrow(message)
    expect(first.version).toBe('v1')
    expect(await first.invoke(rpcCall('language'))).toEqual(inLua)
    expect(await labelOf(first, 'arena')).toBe('TypeScript')
    expect(await labelOf(first, 'race')).toBe('Lua')
    writeModules(dir, { 'arena.ts': typescriptRoom })
    expect(await all.load(bundle({ 'main.lua': luaMain }, dir, 'v3'))).toMatchObject({ version: 'v3' })
  })
})

describe('usage and retire', () => {
  it('usage is that of the language that has the entry module', async () => {
    const all = languages()
    const lua = await all.load(bundle({ 'main.lua': luaMain }, moduleFolder({})))
    expect(lua.usage()).toMatchObject({ vms: 2, busyVms: 0, queued: 0 })
    expect(lua.usage().memoryBytes).toBeGreaterThan(0)
    const dir = moduleFolder({ 'main.ts': typescriptMain })
    const typescript = await all.load(bundle(undefined, dir))
    const gate = deferred<string>()
    const outcome = typescript.invoke(rpcCall('wait', gate.promise))
    expect(typescript.usage()).toMatchObject({ vms: 0, busyVms: 1 })
    gate.resolve('done')
    expect(await outcome).toEqual({ kind: 'value', value: 'done' })
    expect(typescript.usage().busyVms).toBe(0)
    expect(all.memoryBytes).toBeGreaterThan(0)
  })

  it('retire closes the states of calls, and rooms of both languages live on', async () => {
    const dir = moduleFolder({ 'arena.ts': typescriptRoom })
    const scripts = await languages().load(bundle({ 'main.lua': luaMain, 'race.lua': luaRoom }, dir))
    const rooms = ['arena', 'race'].map((name) => scripts.createMatch(ROOM_ID, name, () => {}))
    for (const room of rooms) await room.init({})
    scripts.retire()
    expect(scripts.usage()).toEqual({ vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 })
    const tick = { tick: 1, dtSeconds: 0.05, skipped: 0 }
    expect(rooms.map((room) => room.loop(tick, []))).toEqual([true, true])
  })
})
