import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ProgramIo } from './program.ts'
import { type StartOptions, start } from './start.ts'

/** A game's folder with the files given; gone when the test is over. */
function game(files: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-game-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return dir
}

interface Run {
  readonly output: () => string
  readonly failures: readonly string[]
  readonly exit: Promise<number>
  signal(): void
}

/** Starts a server on a free port; stops it when the test is over. */
async function run(
  dir: string,
  options: Partial<StartOptions> = {},
  environment: ProgramIo['environment'] = {},
): Promise<Run> {
  let output = ''
  let onSignal: (() => void) | undefined
  let resolveExit: (code: number) => void = () => {}
  const failures: string[] = []
  const exit = new Promise<number>((resolve) => {
    resolveExit = resolve
  })
  const io: ProgramIo = {
    environment,
    write: (text) => {
      output += text
    },
    fail: (message) => failures.push(message),
    exit: resolveExit,
    kill: () => resolveExit(137),
    onSignal: (callback) => {
      onSignal = callback
    },
  }
  const quiet = { host: '127.0.0.1', port: 0, env: {}, logLevel: 'silent', logFormat: 'json' }
  await start(dir, { ...quiet, ...options }, '1.2.3', io)
  if (onSignal !== undefined) {
    onTestFinished(async () => {
      onSignal?.()
      await exit
    })
  }
  return { output: () => output, failures, exit, signal: () => onSignal?.() }
}

function addressIn(output: string): string {
  return output.match(/http:\/\/[^/\s]+/)?.[0] ?? ''
}

describe('start', () => {
  it('runs the game and prints where it is', async () => {
    const dir = game({ 'lua/main.lua': '', 'public/index.html': '<h1>My game</h1>' })
    const { output, failures } = await run(dir)
    expect(failures).toEqual([])
    expect(output()).toMatch(/^\nKaosNet 1\.2\.3\n/)
    expect(output()).toMatch(/^ {2}Play {5}http:\/\/127\.0\.0\.1:\d+\/$/m)
    expect(output()).toMatch(/^ {2}Clients {2}ws:\/\/127\.0\.0\.1:\d+\/ws$/m)
    expect(output()).toMatch(/^ {2}Scripts {2}.*lua$/m)
    expect(await (await fetch(addressIn(output()))).text()).toBe('<h1>My game</h1>')
  })

  it('runs without scripts and page, and says so', async () => {
    const { output } = await run(game())
    expect(output()).toMatch(/^ {2}HTTP {5}http:/m)
    expect(output()).toMatch(/^ {2}Scripts {2}none$/m)
  })

  it('stops in order at a signal', async () => {
    const one = await run(game())
    const address = addressIn(one.output())
    one.signal()
    expect(one.output()).toMatch(/Stopping … \(once more to stop at once\)\n$/)
    expect(await one.exit).toBe(0)
    await expect(fetch(`${address}/healthz`)).rejects.toThrow()
  })

  it('stops at once at a second signal', async () => {
    const one = await run(game())
    one.signal()
    one.signal()
    expect(await one.exit).toBe(130)
  })
})

describe('the folders of the game', () => {
  const scriptsIn = (output: string): string => output.match(/^ {2}Scripts {2}(.+)$/m)?.[1] ?? ''
  const pageOf = async (one: Run): Promise<string> => (await fetch(`${addressIn(one.output())}/`)).text()
  const files = {
    'lua/main.lua': '',
    'other/main.lua': '',
    'third/main.lua': '',
    'public/index.html': 'found',
    'other/index.html': 'other',
    'third/index.html': 'third',
  }

  it('are lua and public, if nothing else is said', async () => {
    const one = await run(game(files))
    expect(scriptsIn(one.output())).toMatch(/\/lua$/)
    expect(await pageOf(one)).toBe('found')
  })

  it('are those of kaosnet.json, if there are any', async () => {
    const dir = game(files)
    const other = join(dir, 'other')
    writeFileSync(join(dir, 'kaosnet.json'), JSON.stringify({ publicDir: other, scripts: { dir: other } }))
    const one = await run(dir)
    expect(scriptsIn(one.output())).toMatch(/\/other$/)
    expect(await pageOf(one)).toBe('other')
  })

  it('are those of the environment rather than of kaosnet.json, and those of the flags before all', async () => {
    const dir = game({
      ...files,
      'kaosnet.json': '{ "publicDir": "/nowhere", "scripts": { "dir": "/nowhere" } }',
    })
    const [lua, other, third] = ['lua', 'other', 'third'].map((name) => join(dir, name))
    const environment = { KAOSNET_PUBLIC_DIR: other, KAOSNET_SCRIPTS_DIR: other }
    const one = await run(dir, {}, environment)
    expect(scriptsIn(one.output())).toMatch(/\/other$/)
    expect(await pageOf(one)).toBe('other')
    const two = await run(dir, { public: third as string, scripts: lua as string }, environment)
    expect(scriptsIn(two.output())).toMatch(/\/lua$/)
    expect(await pageOf(two)).toBe('third')
  })
})

describe('the UDP key', () => {
  const keyIn = (dir: string) => join(dir, '.kaosnet', 'udp.key')
  const serverKeyOf = async (one: Run): Promise<string> => {
    const answer = await fetch(`${addressIn(one.output())}/v1/connect`, { method: 'POST' })
    return ((await answer.json()) as { udp: { server_key: string } }).udp.server_key
  }
  const stop = async (one: Run): Promise<void> => {
    one.signal()
    await one.exit
  }

  it('stays the same from one start to the next, in a folder that git ignores and others cannot read', async () => {
    const dir = game()
    const one = await run(dir, { anonymous: true })
    const key = await serverKeyOf(one)
    await stop(one)
    expect(await serverKeyOf(await run(dir, { anonymous: true }))).toBe(key)
    expect(readFileSync(join(dir, '.kaosnet', '.gitignore'), 'utf8')).toBe('*\n')
    expect([statSync(keyIn(dir)).mode & 0o777, statSync(dirname(keyIn(dir))).mode & 0o777]).toEqual([
      0o600, 0o700,
    ])
  })

  it('is kept nowhere else when it is configured, or when there is no UDP', async () => {
    const dir = game()
    const own = join(game(), 'keys', 'own.key')
    const key = Buffer.alloc(32, 7).toString('base64')
    await run(dir, {}, { KAOSNET_UDP_PRIVATE_KEY: key })
    await run(dir, {}, { KAOSNET_UDP_KEY_FILE: own })
    await run(dir, {}, { KAOSNET_UDP_ENABLED: 'false' })
    expect(existsSync(dirname(keyIn(dir)))).toBe(false)
    expect(existsSync(own)).toBe(true)
  })

  it('is a fresh one where the folder cannot be written, and the server starts all the same', async () => {
    const dir = game({ '.kaosnet': 'a file, where a folder is needed' })
    const one = await run(dir, { anonymous: true })
    expect(one.failures).toEqual([])
    const key = await serverKeyOf(one)
    await stop(one)
    expect(await serverKeyOf(await run(dir, { anonymous: true }))).not.toBe(key)
  })

  it('that is broken keeps the server from starting, and is left as it is', async () => {
    const dir = game({ '.kaosnet/udp.key': 'half a k' })
    const { failures } = await run(dir)
    expect(failures).toEqual([expect.stringMatching(/^kaosnet: udp\.keyFile: .*udp\.key: it does not hold/)])
    expect(failures[0]).not.toContain('half a k')
    expect(readFileSync(keyIn(dir), 'utf8')).toBe('half a k')
  })
})

describe('the configuration', () => {
  it('may come from another file', async () => {
    const dir = game({ 'kaosnet.json': '{ "port": -1 }', 'test.json': '{ "auth": { "anonymous": true } }' })
    const { failures } = await run(dir, { config: join(dir, 'test.json') })
    expect(failures).toEqual([])
  })
})

describe('what keeps a server from starting', () => {
  async function failureOf(
    dir: string,
    options: Partial<StartOptions> = {},
    environment: ProgramIo['environment'] = {},
  ): Promise<string> {
    const { failures, output } = await run(dir, options, environment)
    expect(output()).toBe('')
    expect(failures).toHaveLength(1)
    return failures[0] ?? ''
  }

  it('is told in one line: a missing folder', async () => {
    expect(await failureOf('/nowhere')).toBe('kaosnet: the folder /nowhere does not exist')
  })

  it('is told in one line: a missing configuration file', async () => {
    expect(await failureOf(game(), { config: '/nowhere.json' })).toBe(
      'kaosnet: the configuration file /nowhere.json does not exist',
    )
  })

  it('is told in one line: a missing scripts folder', async () => {
    expect(await failureOf(game(), { scripts: '/nowhere' })).toBe(
      'kaosnet: the scripts folder /nowhere does not exist',
    )
  })

  it('is told in one line: a missing public folder', async () => {
    expect(await failureOf(game(), { public: '/nowhere' })).toBe(
      'kaosnet: the public folder /nowhere does not exist',
    )
  })

  it('is told in one line: a log format that does not exist', async () => {
    expect(await failureOf(game(), { logFormat: 'xml' })).toBe('kaosnet: --log-format is json or pretty')
  })

  it('is told in one line: a port in use', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void blocker.close())
    const { port } = blocker.address() as { port: number }
    expect(await failureOf(game(), { port })).toBe(
      `kaosnet: port ${port} is in use: choose another with --port or KAOSNET_PORT (0 = any free one)`,
    )
  })

  it('is told by field and source: a wrong value', async () => {
    expect(await failureOf(game(), { logLevel: 'loud' })).toMatch(
      /^kaosnet: invalid configuration:\n {2}log\.level: [^\n]+ \(the command line\)$/,
    )
    expect(await failureOf(game(), {}, { KAOSNET_ROOMS_TICK_HZ: '1000' })).toMatch(
      /^kaosnet: invalid configuration:\n {2}rooms\.tickHz: [^\n]+ \(KAOSNET_ROOMS_TICK_HZ\)$/,
    )
  })

  it('is told with the place: a script that does not load', async () => {
    expect(await failureOf(game({ 'lua/main.lua': 'local x = = 1' }))).toMatch(/^kaosnet: .*main\.lua:1: /)
  })
})
