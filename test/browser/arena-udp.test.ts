import { fileURLToPath } from 'node:url'
import { KaosClient } from '@kaosnet/client'
import { createLogger, createServer } from '@kaosnet/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ArenaOp } from '../../examples/game-server/web/messages.ts'
import { encodeInputs, toPlayerInput } from '../../examples/game-server/web/player-input.ts'
import { chromiumPath, launchChromium } from '../support/chromium.ts'
import { startLossyRelay } from '../support/lossy-udp-relay.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
const POLL = { timeout: 20_000, interval: 100 }

interface ArenaView {
  readonly status: string
  readonly roomId: string
  readonly players: readonly { readonly name: string; readonly x: number; readonly y: number }[]
}

describe.skipIf(chromiumPath === undefined)('the arena over a bad network', { timeout: 90_000 }, () => {
  it('a Node player over encrypted UDP, 10 % loss each way and 100 ms RTT, plays beside a browser player', async () => {
    const relay = await startLossyRelay({ lossRate: 0.1, delayMs: 50, seed: 11 })
    const problems: string[] = []
    const server = createServer(
      {
        host: '127.0.0.1',
        port: 0,
        auth: { anonymous: true },
        udp: { publicPort: relay.port },
        publicDir: path('examples/game-server/public'),
        scripts: { dir: path('examples/game-server/lua'), env: { bots: '0' } },
      },
      { logger: createLogger('warn', { write: (line) => problems.push(line) }) },
    )
    onTestFinished(() => server.stop({ graceSeconds: 0 }))
    await server.start()
    relay.setTarget(server.udpPort)

    const browser = await launchChromium()
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(`http://127.0.0.1:${server.port}/?name=Bob&autostart=1`)
    const view = (): Promise<ArenaView> =>
      page.evaluate(() => JSON.parse(JSON.stringify((window as unknown as { __arena: ArenaView }).__arena)))
    await expect.poll(async () => (await view()).status, POLL).toBe('playing')

    const ada = new KaosClient(`http://127.0.0.1:${server.port}`, {
      username: 'Ada',
      transport: 'udp',
      udpTimeoutMs: 10_000,
      reconnect: false,
    })
    onTestFinished(() => ada.close())
    expect((await ada.connect()).transport).toBe('rudp')
    const { room_id: roomId } = await ada.rpc<{ room_id: string }>('arena_find')
    expect(roomId).toBe((await view()).roomId)
    const room = await ada.joinRoom<unknown, unknown>(roomId)
    let snapshots = 0
    let events = 0
    room.on('data', ({ op }) => {
      if (op === ArenaOp.Snapshot) snapshots++
      if (op === ArenaOp.Events) events++
    })

    const seen = async () => (await view()).players.find(({ name }) => name === 'Ada')
    await expect.poll(seen, POLL).toBeDefined()
    const before = (await seen()) as { x: number; y: number }
    let number = 0
    const moving = setInterval(() => {
      number++
      const input = toPlayerInput(before.x > 0 ? Math.PI : 0, 1, false)
      room.send(ArenaOp.Input, encodeInputs([{ ...input, number }]), { reliable: false })
    }, 33)
    onTestFinished(() => clearInterval(moving))
    await expect
      .poll(async () => {
        const now = (await seen()) ?? before
        return Math.hypot(now.x - before.x, now.y - before.y)
      }, POLL)
      .toBeGreaterThan(150)
    await expect.poll(() => snapshots, POLL).toBeGreaterThan(60)
    clearInterval(moving)
    await room.leave()
    await expect.poll(seen, POLL).toBeUndefined()

    expect(events).toBeGreaterThan(0)
    expect(relay.counts.lost).toBeGreaterThan(10)
    expect(ada.latencyMs).toBeGreaterThan(95)
    expect(problems).toEqual([])
  })
})
