import { realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { moduleFolder, type Sources, writeModules } from '../../testing/module-world.ts'
import { loadModuleSet } from './module-set.ts'
import { SourceEvaluator } from './source-evaluator.ts'

const load = (dir: string, evaluator = new SourceEvaluator()) => loadModuleSet(dir, 'main', evaluator)
const loadSources = (sources: Sources) => load(moduleFolder(sources))

/** A room whose loop returns what `expression` says. */
const room = (expression: string, head = '') => `
import { defineRoom } from '@kaosnet/server/script'
${head}
export default defineRoom({ init: () => ({ state: 0 }), loop: () => ${expression} })`

function loopOf(set: Awaited<ReturnType<typeof load>>, name: string): unknown {
  const { loop } = set.rooms.get(name) as unknown as { loop(): unknown }
  return loop()
}

describe('what is a module', () => {
  it('name.ts, name.js, name.mjs and name/index.* are, other files and deeper folders are not', async () => {
    const helper = 'export const helper: number = 1'
    const set = await loadSources({
      'typed.ts': room('1 as number'),
      'built.js': room('2'),
      'native.mjs': room('3'),
      'folder/index.ts': room('4'),
      'folder/other.ts': helper,
      'folder/deep/index.ts': helper,
      'lib/thing.ts': helper,
      '_helper.ts': helper,
      '_folder/index.ts': helper,
      'typed.test.ts': 'throw new Error("a test is no module")',
      'types.d.ts': 'export {}',
      'node_modules/thing/index.js': 'export {}',
      'notes.txt': 'hello',
    })
    expect([...set.rooms.keys()].sort()).toEqual(['built', 'folder', 'native', 'typed'])
    expect(['typed', 'built', 'native', 'folder'].map((name) => loopOf(set, name))).toEqual([1, 2, 3, 4])
  })

  it('main is the entry module, and no room', async () => {
    const set = await loadSources({
      'main.ts': `
        import { defineScripts } from '@kaosnet/server/script'
        export default defineScripts({
          rpcs: { hello: () => 'hello' },
          before: { roomJoin: (_ctx, message) => message },
          after: { sessionEnd() {} },
        })`,
    })
    expect(set.hasEntry).toBe(true)
    expect([...set.rooms.keys()]).toEqual([])
    expect([...set.rpcs.keys()]).toEqual(['hello'])
    expect([...set.before.keys()]).toEqual(['room_join'])
    expect([...set.after.keys()]).toEqual(['session_end'])
  })

  it('an empty folder is a set without anything', async () => {
    const set = await loadSources({})
    expect([set.hasEntry, set.rooms.size, set.rpcs.size]).toEqual([false, 0, 0])
  })

  it('definitions need no package: a plain object with the field will do', async () => {
    const set = await loadSources({
      'plain.mjs': `export default { kaosnet: 'room', init: () => ({ state: 0 }), loop: () => 7 }`,
    })
    expect(loopOf(set, 'plain')).toBe(7)
  })

  it('modules import the API from @kaosnet/server as well', async () => {
    const set = await loadSources({
      'arena.ts': `
        import { defineRoom } from '@kaosnet/server'
        import { KaosError } from '@kaosnet/protocol'
        export default defineRoom({ init: () => ({ state: 0 }), loop: () => new KaosError('ROOM_FULL').error })`,
    })
    expect(loopOf(set, 'arena')).toBe('ROOM_FULL')
  })

  it('modules of one set share their helpers', async () => {
    const head = `import { counter } from './_counter.ts'`
    const set = await loadSources({
      '_counter.ts': 'export const counter = { value: 0 }',
      'left.ts': room('++counter.value', head),
      'right.js': room('++counter.value', head),
    })
    expect([loopOf(set, 'left'), loopOf(set, 'right'), loopOf(set, 'left')]).toEqual([1, 2, 3])
  })
})

describe('loading again', () => {
  it.each([
    ['TypeScript', 'ts'],
    ['built JavaScript', 'js'],
    ['native modules', 'mjs'],
  ])(
    '%s: a changed helper of a helper is new in the new set, and old in the old one',
    async (_kind, extension) => {
      const dir = moduleFolder({
        [`arena.${extension}`]: room('speed()', `import { speed } from './lib/speed.${extension}'`),
        [`lib/speed.${extension}`]: `import { base } from './base.${extension}'\nexport const speed = () => base * 2`,
        [`lib/base.${extension}`]: 'export const base = 1',
      })
      const evaluator = new SourceEvaluator()
      const old = await load(dir, evaluator)
      writeModules(dir, { [`lib/base.${extension}`]: 'export const base = 10' })
      const fresh = await load(dir, evaluator)
      expect([loopOf(old, 'arena'), loopOf(fresh, 'arena')]).toEqual([2, 20])
    },
  )

  it('a changed CommonJS helper and changed JSON are new as well', async () => {
    const dir = moduleFolder({
      'arena.ts': room(
        '[base, data.a]',
        `import { base } from './lib/base.cjs'\nimport data from './data.json'`,
      ),
      'lib/base.cjs': 'exports.base = 1',
      'data.json': '{ "a": 1 }',
    })
    const evaluator = new SourceEvaluator()
    const old = await load(dir, evaluator)
    writeModules(dir, { 'lib/base.cjs': 'exports.base = 10', 'data.json': '{ "a": 20 }' })
    const fresh = await load(dir, evaluator)
    expect([loopOf(old, 'arena'), loopOf(fresh, 'arena')]).toEqual([
      [1, 1],
      [10, 20],
    ])
  })

  it('each set has module state of its own, though no file has changed', async () => {
    const dir = moduleFolder({ 'arena.ts': room('++calls', 'let calls = 0') })
    const evaluator = new SourceEvaluator()
    const [first, second] = [await load(dir, evaluator), await load(dir, evaluator)]
    expect([loopOf(first, 'arena'), loopOf(first, 'arena'), loopOf(second, 'arena')]).toEqual([1, 2, 1])
  })

  it('a module whose file is gone is gone', async () => {
    const dir = moduleFolder({ 'arena.ts': room('1'), 'duel.ts': room('2') })
    const evaluator = new SourceEvaluator()
    await load(dir, evaluator)
    rmSync(join(dir, 'duel.ts'))
    expect([...(await load(dir, evaluator)).rooms.keys()]).toEqual(['arena'])
  })

  it('after a set that failed, the mended one loads', async () => {
    const dir = moduleFolder({ 'arena.ts': 'export default 1 +' })
    const evaluator = new SourceEvaluator()
    await expect(load(dir, evaluator)).rejects.toThrow()
    writeModules(dir, { 'arena.ts': room('1') })
    expect(loopOf(await load(dir, evaluator), 'arena')).toBe(1)
  })
})

describe('errors name the file and the line', () => {
  it.each<[string, Sources, string]>([
    [
      'text that is no TypeScript',
      { 'arena.ts': 'export const a: number = 1\n\nconst b = = 2' },
      'arena.ts cannot be loaded: ParseError: Unexpected token (arena.ts:3)',
    ],
    [
      'a helper that throws',
      {
        'arena.ts': room('1', `import './lib/setup.ts'`),
        'lib/setup.ts': 'interface Unused {\n  a: number\n}\n\nthrow new Error("no database")',
      },
      'arena.ts cannot be loaded: no database (lib/setup.ts:5)',
    ],
    [
      'a message of several lines',
      { 'arena.ts': '\nthrow new Error("[\\n  wrong\\n]")' },
      'arena.ts cannot be loaded: [\n  wrong\n] (arena.ts:2)',
    ],
    [
      'something thrown that is no error',
      { 'arena.ts': 'throw "a string"' },
      'arena.ts cannot be loaded: a string',
    ],
    [
      'a helper that is not there',
      { 'arena.ts': room('1', `import './missing.ts'`) },
      "arena.ts cannot be loaded: Cannot find module './missing.ts' (arena.ts:3)",
    ],
    [
      'await at the top level',
      { 'arena.ts': 'const a = await 1\nexport default a' },
      'arena.ts cannot be loaded: await is only valid in async functions and the top level bodies of modules (modules cannot await at their top level; init can) (arena.ts:1)',
    ],
    [
      'no default export',
      { 'arena.ts': 'export const room = 1' },
      'arena.ts: there is no default export; it must be defineRoom({ … })',
    ],
    [
      'a default export that is no definition',
      { 'duel/index.ts': 'export default { init() {}, loop() {} }' },
      'duel/index.ts: the default export is no definition; it must be defineRoom({ … })',
    ],
    [
      'a room as the entry module',
      { 'main.ts': room('1') },
      'main.ts: the default export is a room; it must be defineScripts({ … })',
    ],
    [
      'an entry module elsewhere',
      { 'arena.js': `export default { kaosnet: 'scripts' }` },
      'arena.js: the default export is the definition of RPCs and hooks; it must be defineRoom({ … })',
    ],
    [
      'a room without a loop',
      { 'arena.js': `export default { kaosnet: 'room', init() {} }` },
      'arena.js: loop must be a function',
    ],
    [
      'a callback that is no function',
      { 'arena.js': `export default { kaosnet: 'room', init() {}, loop() {}, leave: 3 }` },
      'arena.js: leave must be a function',
    ],
    [
      'a parser of no op code',
      { 'arena.js': `export default { kaosnet: 'room', init() {}, loop() {}, receives: { 70000: Number } }` },
      'arena.js: receives: op is an integer from 0 to 65535, got 70000',
    ],
    [
      'a parser that is no function',
      { 'arena.js': `export default { kaosnet: 'room', init() {}, loop() {}, receives: { 1: {} } }` },
      'arena.js: receives: the parser of op 1 must be a function',
    ],
    [
      'a hook for no message',
      { 'main.js': `export default { kaosnet: 'scripts', before: { room_join() {} } }` },
      'main.js: before: there is no message "room_join"; there are sessionStart, sessionEnd, heartbeat, roomCreate, roomJoin, roomLeave, roomData, roomList, rpc',
    ],
    [
      'an RPC that is no function',
      { 'main.js': `export default { kaosnet: 'scripts', rpcs: { add: 3 } }` },
      'main.js: rpcs: add must be a function',
    ],
    [
      'an RPC without a name',
      { 'main.js': `export default { kaosnet: 'scripts', rpcs: { '': () => 1 } }` },
      'main.js: rpcs: an RPC name has 1 to 128 bytes, got 0',
    ],
    [
      'two files that are one module',
      { 'arena.js': room('1'), 'arena/index.ts': room('2') },
      'arena.js and arena/index.ts are both the module "arena"',
    ],
  ])('%s', async (_what, sources, message) => {
    await expect(loadSources(sources)).rejects.toThrow(message)
  })

  it('a folder that does not exist', async () => {
    const dir = join(realpathSync(moduleFolder({})), 'none')
    await expect(load(dir)).rejects.toThrow(`the modules folder ${dir} does not exist`)
  })

  it('an error thrown later has the line of the TypeScript source in its stack', async () => {
    const dir = moduleFolder({
      'arena.ts': room('fail()', `import { fail } from './_fail.ts'`),
      '_fail.ts':
        'type A = {\n  a: 1\n}\n\nexport function fail(a?: A): never {\n  throw new Error("late")\n}',
    })
    const set = await load(dir)
    let stack: string | undefined
    try {
      loopOf(set, 'arena')
    } catch (error) {
      stack = (error as Error).stack
    }
    expect(stack).toContain(`${join(realpathSync(dir), '_fail.ts')}:6:`)
  })
})
