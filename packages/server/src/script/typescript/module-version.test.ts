import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resolveConfig } from '../../config.ts'
import { FakeRoomHost } from '../../testing/fake-room-host.ts'
import { moduleFolder, type Sources, writeModules } from '../../testing/module-world.ts'
import { recordingLogger } from '../../testing/recording-logger.ts'
import { ScriptDeployment } from '../script-deployment.ts'

function deployment(modulesDir: string): ScriptDeployment {
  const { scripts } = resolveConfig({ options: { scripts: { modulesDir } } })
  return new ScriptDeployment({
    scripts,
    logger: recordingLogger(),
    host: new FakeRoomHost(),
    onActivated() {},
  })
}

const sources = { 'arena.ts': '1', 'lib/speed.ts': '2', 'lib/old.cjs': '3', 'maps.json': '4' }

describe('the version of modules', () => {
  it('is the same for the same sources elsewhere', async () => {
    const versions = await Promise.all(
      [moduleFolder(sources), moduleFolder(sources)].map((dir) => deployment(dir).deploy()),
    )
    expect(versions[0]).toMatch(/^[0-9a-f]{12}$/)
    expect(versions[1]).toBe(versions[0])
  })

  it.each<[string, Sources]>([
    ['a module', { 'arena.ts': 'changed' }],
    ["a helper's helper", { 'lib/speed.ts': 'changed' }],
    ['a CommonJS helper', { 'lib/old.cjs': 'changed' }],
    ['JSON', { 'maps.json': 'changed' }],
    ['a new file', { 'duel/index.mjs': 'new' }],
  ])('is another one when %s has changed', async (_what, change) => {
    const dir = moduleFolder(sources)
    const deployed = deployment(dir)
    const first = await deployed.deploy()
    writeModules(dir, change)
    expect(await deployed.deploy()).not.toBe(first)
  })

  it('is another one when a file is gone, and the first again when it is back', async () => {
    const dir = moduleFolder(sources)
    const deployed = deployment(dir)
    const first = await deployed.deploy()
    rmSync(join(dir, 'arena.ts'))
    expect(await deployed.deploy()).not.toBe(first)
    writeModules(dir, sources)
    expect(await deployed.deploy()).toBe(first)
  })

  it('has nothing to do with other files', async () => {
    const dir = moduleFolder(sources)
    const deployed = deployment(dir)
    const first = await deployed.deploy()
    writeModules(dir, { 'notes.txt': 'hello', 'node_modules/thing/index.js': '1' })
    expect(await deployed.deploy()).toBe(first)
  })
})
