import { createDefaultProvider, generateServerKey, RudpServer } from '@kaosnet/rudp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { botAddress } from './bot-address.ts'
import type { Link, LinkHandlers } from './link.ts'
import { RudpLinks } from './rudp-links.ts'
import { loadBatchAddon } from './shared/batch-addon.ts'

const FIRST_BOT = 500
const BOTS = 40

const built = loadBatchAddon()
const variants = [
  { name: 'a socket of its own for each', addon: { kind: 'unavailable', reason: 'no compiler' } as const },
  ...(built.kind === 'loaded' ? [{ name: 'one socket for all', addon: built }] : []),
]

describe.runIf(process.platform === 'linux').each(variants)('bots over kaos-rudp, $name', ({ addon }) => {
  let server: RudpServer
  let links: RudpLinks
  const seen: string[] = []
  const opened: Link[] = []

  beforeEach(async () => {
    const key = generateServerKey(createDefaultProvider())
    seen.length = 0
    opened.length = 0
    server = new RudpServer({ host: '127.0.0.1', serverKey: key.privateKey })
    server.onConnection = (connection) => {
      seen.push(connection.remote.ip)
      connection.onMessage = (channel, mode, data) => connection.send(channel, mode, data)
    }
    const { port } = await server.listen()
    links = new RudpLinks({
      server: {
        host: '127.0.0.1',
        port: 0,
        udpPort: port,
        serverKey: Buffer.from(key.publicKey).toString('base64url'),
      },
      firstBot: FIRST_BOT,
      bots: BOTS,
      addon,
    })
  })
  afterEach(async () => {
    for (const link of opened) link.close()
    await links.close()
    await server.close()
  })

  /** A link, and what comes over it. */
  async function open(index: number) {
    const got: string[] = []
    let onMessage = (): void => {}
    let onClosed = (): void => {}
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve
    })
    const handlers: LinkHandlers = {
      onMessage: (message, nowMs) => {
        expect(nowMs).toBeLessThanOrEqual(performance.now())
        got.push(Buffer.from(message).toString())
        onMessage()
      },
      onClosed: () => onClosed(),
    }
    const link: Link = await links.open(index, handlers)
    opened.push(link)
    const heard = (count: number) =>
      new Promise<void>((resolve) => {
        onMessage = () => {
          if (got.length >= count) resolve()
        }
        onMessage()
      })
    return { link, got, heard, closed }
  }

  it('connects each from its address, and gives each what is its own', async () => {
    const bots = await Promise.all(Array.from({ length: BOTS }, (_, index) => open(index)))
    for (const [index, { link }] of bots.entries()) {
      link.send(0, true, Buffer.from(`reliable of ${index}`))
      link.send(1, false, Buffer.from(`unreliable of ${index}`))
    }
    await Promise.all(bots.map(({ heard }) => heard(2)))
    for (const [index, { got }] of bots.entries())
      expect(got.sort()).toEqual([`reliable of ${index}`, `unreliable of ${index}`])
    expect(seen.sort()).toEqual(bots.map((_, index) => botAddress(FIRST_BOT + index)).sort())
    expect(links.lostDatagrams).toBe(0)
  })

  it('tells a bot that its connection is over, whoever ended it', async () => {
    const [one, other] = await Promise.all([open(0), open(1)])
    // Until then the server does not know that it has come.
    other.link.send(0, true, Buffer.from('hello'))
    await other.heard(1)
    one.link.close()
    await one.closed
    await Promise.all([server.close(), other.closed])
  })

  it('says why they have sockets of their own', () => {
    expect(links.ownSocketsReason).toBe(addon.kind === 'unavailable' ? 'no compiler' : undefined)
  })
})
