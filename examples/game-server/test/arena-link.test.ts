import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createServer, type KaosServer, type ServerConfigInput } from '@kaosnet/server'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ArenaLink, type LinkListener, type LinkStatus } from '../web/arena-link.ts'
import type { Welcome } from '../web/messages.ts'
import { encodeInputs } from '../web/player-input.ts'
import type { Snapshot } from '../web/snapshot.ts'

const POLL = { timeout: 10_000, interval: 20 }

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const languages: readonly { readonly name: string; readonly scripts: ServerConfigInput['scripts'] }[] = [
  { name: 'Lua', scripts: { dir: folder('../lua') } },
  { name: 'TypeScript', scripts: { modulesDir: folder('../typescript') } },
]

async function startServer(port: number, scripts: ServerConfigInput['scripts']): Promise<KaosServer> {
  const server = createServer({
    host: '127.0.0.1',
    port,
    // As in a browser.
    udp: { enabled: false },
    auth: { anonymous: true },
    scripts: {
      ...scripts,
      env: { bots: '3' },
      tickBudgetMs: 5_000,
    },
    log: { level: 'error' },
  })
  await server.start()
  return server
}

/** Remembers what a link reports. */
class Witness implements LinkListener {
  readonly statuses: LinkStatus[] = []
  readonly welcomes: Welcome[] = []
  snapshot: Snapshot | undefined

  get kinds(): string[] {
    return this.statuses.map(({ kind }) => kind)
  }

  get last(): LinkStatus | undefined {
    return this.statuses.at(-1)
  }

  onStatus(status: LinkStatus): void {
    this.statuses.push(status)
  }

  onWelcome(welcome: Welcome): void {
    this.welcomes.push(welcome)
  }

  onSnapshot(snapshot: Snapshot): void {
    this.snapshot = snapshot
  }

  onEvents(): void {}
}

/** A way to a server that a test can cut. */
async function openRelay(toPort: number): Promise<{ port: number; cut(): void; close(): void }> {
  const sockets = new Set<Socket>()
  const relay = createTcpServer((socket) => {
    const onward = connect(toPort, '127.0.0.1')
    for (const end of [socket, onward]) {
      sockets.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        sockets.delete(end)
        socket.destroy()
        onward.destroy()
      })
    }
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (relay.address() as AddressInfo).port,
    cut,
    close() {
      cut()
      relay.close()
    },
  }
}

describe.each(languages)('the arena link to a game in $name', ({ scripts }) => {
  let server: KaosServer
  let witness: Witness
  let link: ArenaLink

  beforeEach(async () => {
    server = await startServer(0, scripts)
    witness = new Witness()
    link = linkTo(server.port, 'Ada', witness)
  })

  afterEach(async () => {
    await link.leave()
    await server.stop({ graceSeconds: 0 })
  })

  function linkTo(port: number, name: string, listener: LinkListener): ArenaLink {
    return new ArenaLink(`http://127.0.0.1:${port}`, { name, hue: 120 }, listener)
  }

  async function play(): Promise<Welcome> {
    await link.start()
    await expect.poll(() => witness.snapshot, POLL).toBeDefined()
    return witness.welcomes[0] as Welcome
  }

  test('finds an arena, is welcomed by name and colour, and sees everybody move', async () => {
    const welcome = await play()
    expect(witness.kinds).toEqual(['joining', 'playing'])
    expect(welcome.players).toHaveLength(4)
    expect(welcome.players.find(({ slot }) => slot === welcome.you)).toMatchObject({ name: 'Ada', hue: 120 })
    expect(witness.snapshot?.players).toHaveLength(4)
  })

  test('the server uses the inputs that are sent', async () => {
    const { you } = await play()
    link.sendInputs(encodeInputs([{ number: 77, angle: 0, strength: 127, dash: false }]))
    await expect
      .poll(() => witness.snapshot?.players.find(({ slot }) => slot === you)?.acknowledged, POLL)
      .toBe(77)
  })

  test('two players meet in the same arena', async () => {
    await play()
    const bob = new Witness()
    const bobs = linkTo(server.port, 'Bob', bob)
    await bobs.start()
    await expect.poll(() => bob.welcomes.length, POLL).toBe(1)
    expect(bobs.roomId).toBe(link.roomId)
    expect(bob.welcomes[0]?.players.map(({ name }) => name)).toContain('Ada')
    await bobs.leave()
  })

  test('a connection that is cut is resumed: the same arena, the same player, no second welcome', async () => {
    const relay = await openRelay(server.port)
    onTestFinished(() => relay.close())
    const bob = new Witness()
    const other = linkTo(relay.port, 'Bob', bob)
    await other.start()
    await expect.poll(() => bob.snapshot, POLL).toBeDefined()
    const { roomId } = other
    relay.cut()
    await expect.poll(() => bob.kinds.slice(-2), POLL).toEqual(['reconnecting', 'playing'])
    const step = bob.snapshot?.step ?? 0
    await expect.poll(() => bob.snapshot?.step, POLL).toBeGreaterThan(step)
    expect([other.roomId, bob.welcomes.length, server.sessionCount]).toEqual([roomId, 1, 1])
    await other.leave()
  })

  test('plays again by itself when the server was gone and came back', async () => {
    await play()
    const { port } = server
    await server.stop({ graceSeconds: 0, retryAfterMs: 1 })
    await expect.poll(() => witness.last?.kind, POLL).toBe('reconnecting')
    server = await startServer(port, scripts)
    await expect.poll(() => witness.last?.kind, POLL).toBe('playing')
    await expect.poll(() => witness.welcomes.length, POLL).toBe(2)
  })

  test('says so when there is no server', async () => {
    await server.stop()
    await link.start()
    expect(witness.last).toMatchObject({ kind: 'ended', message: expect.stringMatching(/./) })
  })

  test('leaving ends without a complaint', async () => {
    await play()
    await link.leave()
    expect(witness.last).toEqual({ kind: 'ended', message: '' })
    await expect.poll(() => server.sessionCount, POLL).toBe(0)
  })
})
