import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLogger, createServer, type KaosServer } from '@kaosnet/server'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchChromium } from '../support/chromium.ts'

interface ArenaPlayer {
  readonly slot: number
  readonly name: string
  readonly score: number
  readonly x: number
  readonly y: number
  readonly isMe: boolean
}

/** What the page shows of itself to tests: `window.__arena`. */
interface ArenaView {
  readonly status: string
  readonly roomId: string
  readonly pingMs: number
  readonly players: readonly ArenaPlayer[]
}

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
const POLL = { timeout: 20_000, interval: 100 }

describe.skipIf(chromiumPath === undefined)('the arena in Chromium', { timeout: 90_000 }, () => {
  let server: KaosServer
  let browser: Browser
  const problems: string[] = []
  const logs: { level: number; msg: string }[] = []

  beforeAll(async () => {
    server = createServer(
      {
        host: '127.0.0.1',
        port: 0,
        auth: { anonymous: true },
        publicDir: path('examples/game-server/public'),
        scripts: { dir: path('examples/game-server/lua'), env: { bots: '5' } },
      },
      { logger: createLogger('info', { write: (line) => logs.push(JSON.parse(line)) }) },
    )
    await server.start()
    browser = await launchChromium()
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await server?.stop({ graceSeconds: 0 })
  })

  async function play(name: string, viewport = { width: 1280, height: 720 }): Promise<Page> {
    // A window of its own: a page in the background is not drawn.
    const context = await browser.newContext({ viewport })
    const page = await context.newPage()
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(`${name}: ${message.text()}`)
    })
    page.on('pageerror', (error) => problems.push(`${name}: ${error.message}`))
    await page.goto(`http://127.0.0.1:${server.port}/?name=${name}&autostart=1`)
    await expect.poll(() => view(page).then(({ status }) => status), POLL).toBe('playing')
    return page
  }

  function view(page: Page): Promise<ArenaView> {
    return page.evaluate(() =>
      JSON.parse(JSON.stringify((window as unknown as { __arena: ArenaView }).__arena)),
    )
  }

  async function seen(page: Page, name: string): Promise<ArenaPlayer | undefined> {
    return (await view(page)).players.find((player) => player.name === name)
  }

  /** Lets a page note every score it shows of a player, as `slot:score`. */
  function noteScores(page: Page): Promise<void> {
    return page.evaluate(() => {
      const pageWindow = window as unknown as { __arena: ArenaView; notedScores: Set<string> }
      const noted = new Set<string>()
      pageWindow.notedScores = noted
      setInterval(() => {
        for (const { slot, score } of pageWindow.__arena.players) noted.add(`${slot}:${score}`)
      }, 10)
    })
  }

  async function notedScores(page: Page): Promise<Set<string>> {
    return new Set(
      await page.evaluate(() => [...(window as unknown as { notedScores: Set<string> }).notedScores]),
    )
  }

  /** Presses a key in one page until the player has visibly moved in another. */
  async function expectMoveSeen(mover: Page, watcher: Page, name: string): Promise<void> {
    await expect.poll(() => seen(watcher, name), POLL).toBeDefined()
    const before = (await seen(watcher, name)) as ArenaPlayer
    const key = before.x > 0 ? 'KeyA' : 'KeyD'
    await mover.bringToFront()
    await mover.keyboard.down(key)
    await expect
      .poll(async () => {
        const now = (await seen(watcher, name)) ?? before
        return Math.hypot(now.x - before.x, now.y - before.y)
      }, POLL)
      .toBeGreaterThan(60)
    await mover.keyboard.up(key)
  }

  it('two players share a room, see each other move, agree on scores, and one who leaves disappears', async () => {
    const ada = await play('Ada')
    const bob = await play('Bob', { width: 420, height: 800 })
    const [adas, bobs] = [await view(ada), await view(bob)]
    expect(adas.roomId).toBe(bobs.roomId)

    await expectMoveSeen(ada, bob, 'Ada')
    await expectMoveSeen(bob, ada, 'Bob')
    const bots = (await view(ada)).players.filter(({ name }) => name !== 'Ada' && name !== 'Bob')
    expect(bots).toHaveLength(5)

    // Bots score all the time, and the two pages do not show the same moment: every page notes what it shows, many times a
    // second, and each player's score on one page must sooner or later be on the other.
    for (const page of [ada, bob]) await noteScores(page)
    const shown = { ada: new Set<string>(), bob: new Set<string>() }
    await expect
      .poll(async () => {
        shown.ada = await notedScores(ada)
        shown.bob = await notedScores(bob)
        const agreed = [...shown.ada].filter((score) => shown.bob.has(score))
        return new Set(agreed.map((score) => score.split(':')[0])).size
      }, POLL)
      .toBe(7)
    expect([...shown.ada].some((score) => !score.endsWith(':0') && shown.bob.has(score))).toBe(true)

    expect((await view(ada)).pingMs).toBeGreaterThan(0)

    await ada.bringToFront()
    mkdirSync(path('test-results'), { recursive: true })
    await ada.screenshot({ path: path('test-results/arena.png') })
    await bob.screenshot({ path: path('test-results/arena-phone.png') })

    await bob.context().close()
    await expect.poll(() => seen(ada, 'Bob'), POLL).toBeUndefined()
    await ada.context().close()
    expect(problems).toEqual([])
    expect(logs.filter(({ level }) => level >= 40)).toEqual([])
  })
})
