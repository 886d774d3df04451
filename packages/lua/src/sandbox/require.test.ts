import { beforeEach, describe, expect, test } from 'vitest'
import { AMPLE, createFixture, failure, type VmFixture } from '../testing/vm-fixture.ts'

let fixture: VmFixture
beforeEach(async () => {
  fixture = await createFixture()
})

const message = (source: string) => failure(() => fixture.run(source)).message

describe('require', () => {
  test('gives what a module returns, and loads it once', () => {
    fixture.modules.set('counter', 'loads = (loads or 0) + 1 return {n = loads}')
    expect(
      fixture.run(
        "return {require('counter').n, require('counter').n, require('counter') == require('counter')}",
      ),
    ).toEqual([1, 1, true])
  })

  test('takes dots and slashes for the same', () => {
    fixture.modules.set('lib/deep/util', 'loads = (loads or 0) + 1 return {}')
    expect(fixture.run("return require('lib.deep.util') == require('lib/deep.util')")).toBe(true)
    expect(fixture.run('return loads')).toBe(1)
  })

  test('gives true for a module that returns nothing', () => {
    fixture.modules.set('quiet', 'x = 1')
    expect(fixture.run("return {require('quiet'), require('quiet'), x}")).toEqual([true, true, 1])
  })

  test('gives a module its own name and its chunk name', () => {
    fixture.modules.set('lib/who', 'return {...}')
    expect(fixture.run("return require('lib.who')")).toEqual(['lib/who', 'lib/who.lua'])
  })

  test.each([
    '../x',
    '/etc/passwd',
    'a/../b',
    'a..b',
    '.x',
    'x.',
    'a//b',
    'C:x',
    'a b',
    '',
    'x\\y',
    'é',
    'x'.repeat(300),
  ])('refuses %j', (name) => {
    fixture.modules.set(name, 'return 1')
    expect(failure(() => fixture.run('require(...)', name)).message).toContain('is not made of letters')
  })

  test('refuses what is no string', () => {
    expect(message('require({})')).toBe("test.lua:1: bad argument #1 to 'require' (string expected)")
    expect(message('require()')).toContain('(string expected)')
  })

  test('says that there is no such module', () => {
    expect(message("\nrequire('lib.none')")).toBe("test.lua:2: module 'lib/none' not found")
  })

  test('names the chain of a cycle', () => {
    fixture.modules.set('a', "require('b')")
    fixture.modules.set('b', "return require('lib.c')")
    fixture.modules.set('lib/c', "require('a')")
    const error = failure(() => fixture.run("require('a')"))
    expect(error.message).toBe('lib/c.lua:1: modules require each other: a → b → lib/c → a')
    expect(error.traceback).toContain('b.lua:1:')
  })

  test('tries again after a module has failed', () => {
    fixture.modules.set(
      'flaky',
      "tries = (tries or 0) + 1 if tries < 3 then error('try ' .. tries) end return tries",
    )
    expect(message("require('flaky')")).toBe('flaky.lua:1: try 1')
    expect(fixture.run("return (pcall(require, 'flaky'))")).toBe(false)
    expect(fixture.run("return require('flaky')")).toBe(3)
  })

  test('shows the traceback through the modules', () => {
    fixture.modules.set('outer', "\nrequire('inner')")
    fixture.modules.set('inner', "local function boom()\n error('deep')\nend\nboom()")
    const error = failure(() => fixture.vm.require('outer', AMPLE))
    expect(error).toMatchObject({ kind: 'runtime', message: 'inner.lua:2: deep' })
    expect(error.traceback).toContain("inner.lua:2: in local 'boom'")
    expect(error.traceback).toContain('inner.lua:4: in main chunk')
    expect(error.traceback).toContain('outer.lua:2: in main chunk')
  })

  test('of a module that does not compile is a syntax error for the host', () => {
    fixture.modules.set('broken', 'return = 1')
    const error = failure(() => fixture.vm.require('broken', AMPLE))
    expect(error.kind).toBe('syntax')
    expect(error.message).toBe("error loading module 'broken': broken.lua:1: unexpected symbol near '='")
    fixture.modules.set('user', "require('broken')")
    expect(failure(() => fixture.vm.require('user', AMPLE)).kind).toBe('syntax')
    expect(fixture.run("return select(2, pcall(require, 'broken'))")).toContain(
      "error loading module 'broken'",
    )
  })

  test('runs modules under the budget of the call', () => {
    fixture.modules.set('spin', 'while true do end')
    expect(failure(() => fixture.vm.require('spin', { instructions: 1000, wallMs: 1e9 })).kind).toBe('budget')
    fixture.modules.set('spin', 'return 1')
    expect(fixture.run("return require('spin')")).toBe(1)
  })

  test('by the host and by scripts share one cache', () => {
    fixture.modules.set('shared', 'return {}')
    const ref = fixture.vm.require('shared', AMPLE)
    fixture.vm.setField(ref, 'mark', 1)
    expect(fixture.run("return require('shared').mark")).toBe(1)
  })

  test('cannot be yielded across', () => {
    fixture.modules.set('yields', 'coroutine.yield()')
    expect(
      fixture.run("return select(2, coroutine.resume(coroutine.create(function() require('yields') end)))"),
    ).toContain('attempt to yield across a C-call boundary')
  })
})
