import { EventEmitter } from 'node:events'
import { KaosClient } from '@kaosnet/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startTestServer, type TestServer } from '../support/test-server.ts'
import { codeBlocks, readPage, runExample } from './page.ts'

const readme = readPage('README.md')
const [game = ''] = codeBlocks(readme, 'lua')
const [player = ''] = codeBlocks(readme, 'js')
const ADDRESS = 'http://localhost:7350'

/** A terminal in which the client of the README runs: what it shows last, and keys for it. */
class Terminal {
  readonly stdin = Object.assign(new EventEmitter(), { setEncoding: () => this.stdin })
  lines: string[] = []
  /** Called after each line. */
  onLine: () => void = () => {}
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  press(key: string): void {
    this.stdin.emit('data', key)
  }

  /** Runs until the client ends its process. */
  async play({ url }: TestServer): Promise<void> {
    class LocalClient extends KaosClient {
      constructor(address: string, options: { username: string }) {
        expect(address).toBe(ADDRESS)
        super(url, options)
        onTestFinished(() => this.close())
      }
    }
    await runExample(player, {
      KaosClient: LocalClient,
      console: {
        clear: () => {
          this.lines = []
        },
        log: (line: string) => {
          this.lines.push(line)
          this.onLine()
        },
      },
      process: { argv: ['node', 'play.js', this.#name], stdin: this.stdin, exit: () => {} },
    })
  }

  /** Where a sign stands on the board. */
  find(sign: string): { x: number; y: number } | undefined {
    const y = this.lines[0]?.split('\n').findIndex((row) => row.includes(sign)) ?? -1
    return y < 0 ? undefined : { x: this.lines[0]?.split('\n')[y]?.indexOf(sign) ?? 0, y }
  }
}

/** The key that leads Ada to the coin. When she cannot be seen she stands where Bob does. */
function nextKey(ada: Terminal): string | undefined {
  const me = ada.find('A') ?? ada.find('B')
  const coin = ada.find('$')
  if (me === undefined || coin === undefined) return undefined
  if (me.x !== coin.x) return me.x < coin.x ? 'd' : 'a'
  return me.y < coin.y ? 's' : 'w'
}

describe('the game of the README', () => {
  it('is as short as it says', () => {
    const linesOf = (code: string) => code.split('\n').filter((line) => line.trim() !== '').length
    expect(readme).toContain('30 lines of Lua')
    expect(linesOf(game)).toBeLessThanOrEqual(30)
    expect(linesOf(player)).toBeLessThanOrEqual(25)
  })

  it('is won by whoever collects five coins first, and both players see it', {
    timeout: 60_000,
  }, async () => {
    const server = await startTestServer({ 'coins.lua': game })
    const [ada, bob] = [new Terminal('Ada'), new Terminal('Bob')]
    const bobMayCome = new Promise<void>((resolve) => {
      ada.onLine = resolve
    })
    const adaPlays = ada.play(server)
    await bobMayCome
    const bobPlays = bob.play(server)
    let sawBob = false
    ada.onLine = () => {
      // The second line of a picture is its last, and has the scores; Ada waits for company.
      if (!/Bob: \d/.test(ada.lines[1] ?? '')) return
      sawBob ||= ada.find('B') !== undefined
      const key = nextKey(ada)
      if (key !== undefined) ada.press(key)
    }
    await Promise.all([adaPlays, bobPlays])
    expect(sawBob).toBe(true)
    expect(ada.lines.at(-1)).toBe('Ada wins!')
    expect(bob.lines.at(-1)).toBe('Ada wins!')
    await expect.poll(() => server.server.roomCount).toBe(0)
    expect(server.logs.filter(({ level }) => level >= 40)).toEqual([])
  })

  it('lets a player leave with any other key', async () => {
    const server = await startTestServer({ 'coins.lua': game })
    const ada = new Terminal('Ada')
    const shown = new Promise<void>((resolve) => {
      ada.onLine = resolve
    })
    const plays = ada.play(server)
    await shown
    ada.press('q')
    await plays
    expect(ada.lines.at(-1)).toBe('Bye.')
  })

  it('does not mind what else a client sends', async () => {
    const server = await startTestServer({ 'coins.lua': game })
    const client = new KaosClient(server.url, { reconnect: false })
    onTestFinished(() => client.close())
    await client.connect()
    const room = await client.joinRoom<unknown, { players: { at: { y: number } }[] }>(
      await client.createRoom('coins'),
    )
    const heights: number[] = []
    const moved = new Promise<void>((resolve) => {
      room.on('data', ({ data }) => {
        const y = data.players[0]?.at.y ?? 0
        if (heights.push(y) === 1) {
          for (const nonsense of [undefined, null, 3, 'x', [], { w: 1 }, new Uint8Array([0xff])])
            room.send(9, nonsense)
          // Data is handled in the order sent: once this moved the player, the nonsense has been seen.
          room.send(1, y > 1 ? 'w' : 's')
        } else if (y !== heights[0]) resolve()
      })
    })
    await moved
    expect(room.closed).toBeUndefined()
    expect(server.logs.filter(({ level }) => level >= 40)).toEqual([])
  })
})
