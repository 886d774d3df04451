import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { resolveConfig } from '../config.ts'
import type { ScriptManifest } from '../room/room-host.ts'
import { FakeRoomHost, manifest } from '../testing/fake-room-host.ts'
import { deferred, settled } from '../testing/promises.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { NO_SCRIPTS } from './loaded-scripts.ts'
import { ScriptDeployment } from './script-deployment.ts'
import { ScriptSources, versionOf } from './script-sources.ts'

interface World {
  readonly deployment: ScriptDeployment
  readonly host: FakeRoomHost
  readonly log: ReturnType<typeof recordingLogger>
  /** Versions that became the running one. */
  readonly activated: string[]
  /** Puts a script into the folder; returns the version that the folder has then. */
  write(source: string): string
  remove(): void
}

function world(): World {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-deployment-'))
  const remove = (): void => rmSync(dir, { recursive: true, force: true })
  onTestFinished(remove)
  return {
    ...deploymentOf(dir),
    write(source) {
      writeFileSync(join(dir, 'main.lua'), source)
      return versionOf(ScriptSources.read(dir).files)
    },
    remove,
  }
}

function deploymentOf(dir: string | undefined): Pick<World, 'deployment' | 'host' | 'log' | 'activated'> {
  const host = new FakeRoomHost()
  const log = recordingLogger()
  const activated: string[] = []
  const deployment = new ScriptDeployment({
    scripts: resolveConfig({ options: { scripts: dir === undefined ? {} : { dir } } }).scripts,
    logger: log,
    host,
    onActivated: ({ version }) => activated.push(version),
  })
  return { deployment, host, log, activated }
}

describe('deploying scripts', () => {
  it('prepares what is in the folder, activates it, and tells what it has', async () => {
    const { deployment, host, log, activated, write } = world()
    const version = write('-- one')
    const bundles: unknown[] = []
    host.onPrepare = async (bundle) => {
      bundles.push(bundle)
      return { ...manifest({}), version: bundle.version }
    }
    expect(await deployment.deploy()).toBe(version)
    expect(bundles).toEqual([{ version, lua: expect.objectContaining({ 'main.lua': { source: '-- one' } }) }])
    expect([host.deployed, activated, deployment.version]).toEqual([
      [`prepare ${version}`, 'activate'],
      [version],
      version,
    ])
    expect(log.entries).toEqual([{ level: 'debug', fields: { version }, message: 'scripts loaded' }])
  })

  it('works without a folder: there are no scripts then', async () => {
    const { deployment, host, activated } = deploymentOf(undefined)
    expect(await deployment.deploy()).toBe(NO_SCRIPTS.version)
    expect([host.deployed, activated]).toEqual([
      [`prepare ${NO_SCRIPTS.version}`, 'activate'],
      [NO_SCRIPTS.version],
    ])
  })

  it('again does nothing while the files are the same, and takes up a change', async () => {
    const { deployment, host, activated, write } = world()
    const first = write('-- one')
    await deployment.deploy()
    expect(await deployment.deploy()).toBe(first)
    expect(host.deployed).toHaveLength(2)
    const second = write('-- two')
    expect(await deployment.deploy()).toBe(second)
    expect([activated, deployment.version]).toEqual([[first, second], second])
    // Back to what ran before is a change, too.
    write('-- one')
    expect(await deployment.deploy()).toBe(first)
    expect(activated).toEqual([first, second, first])
  })
})

describe('scripts that fail', () => {
  it('to load change nothing, and may be tried again as they are', async () => {
    const { deployment, host, log, activated, write } = world()
    const first = write('-- one')
    await deployment.deploy()
    const load = host.onPrepare
    host.onPrepare = async () => {
      throw new Error('main.lua:1: syntax error')
    }
    const second = write('-- two')
    await expect(deployment.deploy()).rejects.toThrow('main.lua:1: syntax error')
    expect([activated, deployment.version]).toEqual([[first], first])
    expect(host.deployed).toEqual([`prepare ${first}`, 'activate', `prepare ${second}`])
    expect(log.messages('error')).toEqual(['the scripts were not reloaded'])
    expect(log.messages('info')).toEqual([])
    host.onPrepare = load
    expect(await deployment.deploy()).toBe(second)
    expect(log.messages('info')).toEqual(['scripts reloaded'])
    expect(activated).toEqual([first, second])
  })

  it('to be read change nothing, and no host is asked', async () => {
    const { deployment, host, activated, write, remove } = world()
    const first = write('-- one')
    await deployment.deploy()
    remove()
    await expect(deployment.deploy()).rejects.toThrow('does not exist')
    expect([activated, deployment.version, host.deployed.length]).toEqual([[first], first, 2])
  })
})

describe('deployments that come together', () => {
  it('run one after the other, each with the files of its own time', async () => {
    const { deployment, host, activated, write } = world()
    const loading = deferred<ScriptManifest>()
    const load = host.onPrepare
    host.onPrepare = () => loading.promise
    const first = write('-- one')
    const one = deployment.deploy()
    await settled()
    const other = deployment.deploy()
    await settled()
    expect(host.deployed).toEqual([`prepare ${first}`])
    const second = write('-- two')
    host.onPrepare = load
    loading.resolve({ ...manifest({}), version: first })
    expect(await Promise.all([one, other])).toEqual([first, second])
    expect(host.deployed).toEqual([`prepare ${first}`, 'activate', `prepare ${second}`, 'activate'])
    expect(activated).toEqual([first, second])
  })

  it('load the same files once', async () => {
    const { deployment, host, write } = world()
    const version = write('-- one')
    const all = await Promise.all([deployment.deploy(), deployment.deploy(), deployment.deploy()])
    expect(all).toEqual([version, version, version])
    expect(host.deployed).toEqual([`prepare ${version}`, 'activate'])
  })

  it('do not fail with the one before', async () => {
    const { deployment, host, activated, write } = world()
    const loading = deferred<ScriptManifest>()
    const load = host.onPrepare
    host.onPrepare = () => loading.promise
    write('-- broken')
    const one = deployment.deploy()
    await settled()
    const other = deployment.deploy()
    const second = write('-- mended')
    host.onPrepare = load
    loading.reject(new Error('broken'))
    const outcomes = await Promise.allSettled([one, other])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect([activated, deployment.version]).toEqual([[second], second])
  })
})
