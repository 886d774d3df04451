import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { SessionId } from '../../ids.ts'
import { member, tick, value } from '../../testing/match-world.ts'
import { moduleFolder, moduleWorld, ROOM_ID, type Sources } from '../../testing/module-world.ts'
import { hookNameOf } from './hook-messages.ts'
import * as scriptApi from './index.ts'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const page = readFileSync(join(root, 'docs/typescript.md'), 'utf8')

interface Example {
  /** Where it belongs: the module's name, or `loop` and `rpc` for statements inside of those. */
  readonly kind: string
  readonly code: string
}

const examples: readonly Example[] = [...page.matchAll(/^```ts ([^\n]*)\n(.*?)^```$/gms)].map(
  ([, kind = '', code = '']) => ({ kind, code }),
)

const IMPORTS = `import assert from 'node:assert/strict'
import { defineRoom, defineScripts, seededRandom } from '@kaosnet/server/script'
`

/** The example as a whole module. */
function sourceOf({ kind, code }: Example): Sources {
  switch (kind) {
    case 'main':
      return { 'main.ts': code }
    case 'rpc':
      return { 'main.ts': `${IMPORTS}export default defineScripts({ rpcs: { example(ctx) {\n${code}} } })` }
    case 'loop':
      return {
        'example.ts': `${IMPORTS}export default defineRoom({ init: () => ({ state: {} }), loop(room) {\n${code}} })`,
      }
    default:
      return { [`${kind.replace('room ', '')}.ts`]: code }
  }
}

const caller = {
  ...member(1),
  sessionId: '0000000000000001' as SessionId,
  vars: {},
  isAuthenticated: true,
  clientAddress: '127.0.0.1',
  transport: 'websocket',
}
const PAYLOADS: Readonly<Record<string, unknown>> = { add: { a: 1, b: 2 } }

describe('every example of docs/typescript.md', () => {
  it.each(examples.map((example, index) => [index + 1, example.kind, example] as const))(
    'number %i runs: %s',
    async (_number, _kind, example) => {
      const { load, log } = moduleWorld(sourceOf(example))
      const scripts = await load()
      const { rpcs, before, after } = scripts
      const message = { room_id: ROOM_ID, metadata: {} }
      for (const name of rpcs) await scripts.invoke({ kind: 'rpc', name, caller, payload: PAYLOADS[name] })
      for (const name of before) await scripts.invoke({ kind: 'before', name, caller, message })
      for (const name of after) await scripts.invoke({ kind: 'after', name, caller, message })
      if (rpcs.size === 0) {
        const name = example.kind === 'loop' ? 'example' : example.kind.replace('room ', '')
        const invalid: string[] = []
        const match = scripts.createMatch(ROOM_ID, name, (_member, reason) => invalid.push(reason))
        await match.init({ map: 'harbour' })
        expect(match.joinAttempt(member(1), { password: undefined })).toBeUndefined()
        match.join(member(1))
        expect(match.loop(tick(1), [value(1, 1, 0.5), value(1, 2, 'hello')])).toBe(true)
        if (name === 'duel') {
          expect(match.signal('ping')).toEqual({ heard: 'ping', players: 1 })
          expect(match.joinAttempt(member(2), { password: 'wrong' })).toBe('wrong password')
          match.loop(tick(2), [value(1, 1, 'left')])
          expect(invalid).toEqual(['op 1: steer with a number'])
        }
        match.leave({ member: 1, reason: 'left' })
        expect(match.terminate(5)).toBe(false)
      }
      expect(log.messages('error')).toEqual([])
    },
  )

  it('is well typed', () => {
    const sources = examples.map((example, index) =>
      Object.entries(sourceOf(example)).map(([path, code]) => [`example-${index + 1}-${path}`, code]),
    )
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        composite: false,
        declaration: false,
        declarationMap: false,
        noEmit: true,
        noUnusedLocals: false,
        noUnusedParameters: false,
        typeRoots: [join(root, 'node_modules/@types')],
        paths: {
          '@kaosnet/server/script': [join(root, 'packages/server/src/script/typescript/index.ts')],
          '@kaosnet/protocol': [join(root, 'packages/protocol/src/index.ts')],
        },
      },
      include: ['example-*.ts'],
    }
    const dir = moduleFolder({
      ...Object.fromEntries(sources.flat()),
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify(config),
    })
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const run = () => execFileSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' })
    expect(outputOf(run)).toBe('')
  })
})

describe('docs/typescript.md', () => {
  it('names every function of the API, and every hook', () => {
    for (const name of Object.keys(scriptApi)) expect(page).toMatch(new RegExp(`\\b${name}\\b`))
    const hooks = [...page.matchAll(/^\| `(\w+)` +\| `/gm)].map(([, name]) => name)
    expect(hooks).toEqual(Object.keys(hookNameOf))
  })
})

/** What a compiler prints, also when it ends with an error. */
function outputOf(run: () => string): string {
  try {
    return run()
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
