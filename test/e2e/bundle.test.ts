import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSodiumProvider } from '../../packages/rudp/src/crypto/sodium-provider.ts'
import { loadNativeAddon } from '../../packages/rudp/src/driver/native/native-addon.ts'
import { runCommand } from '../support/command.ts'
import { gameFolder } from '../support/game-process.ts'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule } from '../support/test-server.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLI = join(ROOT, 'packages', 'cli')

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
}

/** The command in a folder where Node finds nothing but the packages that it depends on. @returns its program */
function installedAlone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kaosnet-installed-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(join(CLI, 'package.json'), join(folder, 'package.json'))
  cpSync(join(CLI, 'dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  })
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  return join(folder, 'dist', 'main.js')
}

const ECHO = `
  import { defineRoom } from '@kaosnet/server'

  export default defineRoom({
    init: () => ({ state: {}, tickHz: 50, label: 'typescript' }),
    loop(room, _state, messages) {
      for (const { op, data, sender } of messages) room.send(op, data, { to: [sender] })
    },
  })`
const MAIN = `
  import { defineScripts } from '@kaosnet/server/script'
  import { KaosError } from '@kaosnet/protocol'

  export default defineScripts({
    rpcs: {
      refuse: () => { throw new KaosError('TOO_MANY_REQUESTS') },
      isSameError(ctx) {
        try {
          ctx.rooms.signal('nowhere', {})
        } catch (error) {
          return error instanceof KaosError && error.error
        }
      },
    },
  })`
const GAME = {
  'public/index.html': '<h1>My game</h1>',
  'lua/plain.lua': matchModule({ match_init: `function() return { state = {}, label = 'lua' } end` }),
  'modules/echo.ts': ECHO,
  'modules/main.ts': MAIN,
}

describe('the bundled command', () => {
  it('needs no other packages than it depends on, whatever it is asked for', async () => {
    const game = gameFolder(GAME)
    const args = ['start', game, '--host', '127.0.0.1', '--port', '0', '--anonymous', '--watch']
    const server = runCommand([...args, '--log-format', 'pretty'], {}, installedAlone())
    const [, url] = await server.until(/Play\s+(http:\/\/127\.0\.0\.1:\d+)\//)
    expect(await (await fetch(`${url}/`)).text()).toBe('<h1>My game</h1>')

    const ada = await connectPlayer({ url: url as string }, 'Ada', { transport: 'udp' })
    expect((await ada.joinRoom(await ada.createRoom('plain'))).label).toBe('lua')
    const echo = await joinLogged(ada, await ada.createRoom('echo'))
    echo.room.send(7, { hello: 'world' })
    expect(await echo.next('data')).toMatchObject({ op: 7, data: { hello: 'world' } })

    server.process.kill('SIGTERM')
    expect(await server.exit).toBe(0)
  })

  it.runIf(process.platform === 'linux')('finds the native parts of its packages', async () => {
    const args = ['start', gameFolder({}), '--host', '127.0.0.1', '--port', '0']
    const server = runCommand(args, {}, installedAlone())
    await server.until(/HTTP\s+http/)
    const loaded = readFileSync(`/proc/${server.process.pid}/maps`, 'utf8')
    expect(/sodium-native\S*\.node$/m.test(loaded)).toBe(createSodiumProvider() !== undefined)
    expect(/datagrams-\S*\.node$/m.test(loaded)).toBe(loadNativeAddon().kind === 'loaded')
  })

  it('gives modules the classes that it runs itself', async () => {
    const server = runCommand([
      'start',
      gameFolder(GAME),
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--anonymous',
    ])
    const [, url] = await server.until(/Play\s+(http:\/\/127\.0\.0\.1:\d+)\//)
    const ada = await connectPlayer({ url: url as string })
    expect(await ada.rpc('isSameError')).toBe('ROOM_NOT_FOUND')
    await expectRefused(ada.rpc('refuse'), 'TOO_MANY_REQUESTS')
  })

  it('comes with the licences of what is in it, and only of that', () => {
    const notice = readFileSync(join(CLI, 'dist', 'THIRD-PARTY.txt'), 'utf8')
    for (const name of ['fastify', 'zod', 'ws', 'pino-pretty']) {
      expect(notice).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'))
    }
    expect(notice).not.toMatch(/^jiti /m)
  })

  it('names functions and sources as they are written', () => {
    const dist = join(CLI, 'dist')
    const text = readdirSync(dist)
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(dist, name), 'utf8'))
      .join('\n')
    expect(text).toMatch(/^\/\/ packages\/server\/src\/server\.ts$/m)
    expect(text).toMatch(/^var RoomGateway = class/m)
    // There is one of each, whichever thread asks for it.
    expect(text.match(/^var KaosError = class/gm)).toHaveLength(1)
  })
})
