import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KaosClient } from '@kaosnet/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runCommand as run } from '../support/command.ts'

const ARENA = fileURLToPath(new URL('../../examples/game-server', import.meta.url))

const ADDRESS = /Play\s+(http:\/\/localhost:(\d+)\/)/

describe('kaosnet start', () => {
  it('prints the addresses, serves page, health and metrics, lets a client play, and stops on SIGTERM', async () => {
    const server = run(['start', ARENA, '--port', '0', '--anonymous', '--env', 'bots=2'])
    const [, url] = await server.until(ADDRESS)
    expect(server.output()).toMatch(/ws:\/\/localhost:\d+\/ws/)
    expect(await (await fetch(`${url}healthz`)).json()).toEqual({ status: 'ok' })
    expect((await fetch(`${url}readyz`)).status).toBe(200)
    expect(await (await fetch(`${url}metrics`)).text()).toMatch(/^kaosnet_sessions 0$/m)
    expect(await (await fetch(`${url}`)).text()).toMatch(/<canvas/)

    const client = new KaosClient(url as string, { username: 'Ada', reconnect: false })
    await client.connect()
    const ended = new Promise<{ error?: { error: string } }>((resolve) =>
      client.on('ended', (e) => resolve(e as never)),
    )
    server.process.kill('SIGTERM')
    expect((await ended).error?.error).toBe('SHUTTING_DOWN')
    expect(await server.exit).toBe(0)
  })

  it('with --watch loads scripts anew when they change, and says what is wrong with them', async () => {
    const game = mkdtempSync(join(tmpdir(), 'kaosnet-game-'))
    onTestFinished(() => rmSync(game, { recursive: true, force: true }))
    const script = (answer: string) => writeFileSync(join(game, 'lua', 'main.lua'), answer)
    mkdirSync(join(game, 'lua'))
    script(`kaos.register_rpc('version', function() return 1 end)`)
    const server = run(['start', game, '--port', '0', '--anonymous', '--watch'])
    const [, url] = await server.until(/HTTP\s+(http:\/\/localhost:(\d+)\/)/)
    expect(server.output()).toMatch(/Scripts .*lua \(reloaded when they change\)/)
    const client = new KaosClient(url as string, { reconnect: false })
    onTestFinished(() => client.close())
    await client.connect()
    expect(await client.rpc('version')).toBe(1)
    script(`error('no such map')`)
    await server.until(/the scripts were not reloaded/)
    expect(server.output()).toMatch(/main\.lua:1: no such map/)
    expect(await client.rpc('version')).toBe(1)
    script(`kaos.register_rpc('version', function() return 2 end)`)
    await server.until(/scripts reloaded/)
    expect(await client.rpc('version')).toBe(2)
    server.process.kill('SIGTERM')
    expect(await server.exit).toBe(0)
  })

  it('takes the port from KAOSNET_PORT, and --port is stronger', async () => {
    const server = run(['start', ARENA, '--anonymous'], { KAOSNET_PORT: '0' })
    expect(Number((await server.until(ADDRESS))[2])).toBeGreaterThan(0)
    const other = run(['start', ARENA, '--anonymous', '--port', '0'], { KAOSNET_PORT: '1' })
    await other.until(ADDRESS)
  })

  it('says in one line that a port is in use', async () => {
    const blocker = createTcpServer()
    await new Promise<void>((resolve) => blocker.listen(0, '0.0.0.0', resolve))
    onTestFinished(() => void blocker.close())
    const { port } = blocker.address() as { port: number }
    const server = run(['start', ARENA, '--port', String(port)])
    expect(await server.exit).toBe(1)
    expect(server.output().trim()).toBe(
      `kaosnet: port ${port} is in use: choose another with --port or KAOSNET_PORT (0 = any free one)`,
    )
  })

  it.each([
    [['start', ARENA, '--port', 'seven'], /a port is a number from 0 to 65535/],
    [['start', '/nonexistent'], /kaosnet: the folder \/nonexistent does not exist/],
    [
      ['start', ARENA, '--port', '0', '--scripts', '/nonexistent'],
      /scripts folder \/nonexistent does not exist/,
    ],
    [['start', ARENA, '--log-level', 'loud'], /log\.level/],
    [['frobnicate'], /unknown command 'frobnicate'/],
  ])('%j fails with a clear line', async (args, text) => {
    const command = run(args)
    expect(await command.exit).not.toBe(0)
    expect(command.output()).toMatch(text)
    expect(command.output()).not.toMatch(/^\s+at /m)
  })

  it('a wrong environment variable is named', async () => {
    const server = run(['start', ARENA], { KAOSNET_LIMITS_SESSIONS: 'many' })
    expect(await server.exit).toBe(1)
    expect(server.output()).toMatch(/limits\.sessions/)
  })

  it('explains itself with --help', async () => {
    const help = run(['start', '--help'])
    expect(await help.exit).toBe(0)
    for (const option of ['--port', '--anonymous', '--scripts', '--env', '--log-level']) {
      expect(help.output()).toContain(option)
    }
  })
})
