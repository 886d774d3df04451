import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KaosError } from '@kaosnet/protocol'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { PortInUseError } from '../errors.ts'
import { testMetrics } from '../testing/test-metrics.ts'
import { HttpServer, type HttpServerOptions } from './http-server.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

function newServer(options: Partial<HttpServerOptions> = {}): HttpServer {
  return new HttpServer({
    host: '127.0.0.1',
    port: 0,
    publicDir: undefined,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    metrics,
    isReady: () => true,
    connect: { connect: async () => ({ websocket: { path: '/ws' } }) },
    clientAddress: ({ headers }) => `the client of ${headers['x-test']}`,
    admin: { token: undefined, reload: async () => '', scriptVersion: () => '', rooms: [] },
    ...options,
  })
}

async function listen(options: Partial<HttpServerOptions> = {}): Promise<string> {
  const server = newServer(options)
  await server.listen()
  onTestFinished(() => server.close())
  return `http://127.0.0.1:${server.port}`
}

/** A page folder with a file beside it that must never be served. */
function publicFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'kaosnet-public-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const dir = join(root, 'public')
  mkdirSync(dir)
  writeFileSync(join(dir, 'index.html'), '<h1>A game</h1>')
  writeFileSync(join(dir, 'game.js'), 'play()')
  writeFileSync(join(root, 'secret.txt'), 'forbidden')
  return dir
}

describe('health', () => {
  it('is fine as long as the process answers', async () => {
    const response = await fetch(`${await listen({ isReady: () => false })}/healthz`)
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
  })

  it('is ready when the server says so', async () => {
    let isReady = false
    const base = await listen({ isReady: () => isReady })
    const before = await fetch(`${base}/readyz`)
    expect([before.status, await before.json()]).toEqual([503, { status: 'not ready' }])
    isReady = true
    const after = await fetch(`${base}/readyz`)
    expect([after.status, await after.json()]).toEqual([200, { status: 'ready' }])
  })
})

describe('metrics', () => {
  it('are given in the format of Prometheus', async () => {
    const response = await fetch(`${await listen()}/metrics`)
    expect(response.headers.get('content-type')).toBe(metrics.contentType)
    expect(await response.text()).toMatch(/^kaosnet_sessions 0$/m)
  })
})

describe('the page', () => {
  it('comes from the public folder, and may be of any file in it', async () => {
    const base = await listen({ publicDir: publicFolder() })
    const page = await fetch(`${base}/`)
    expect([page.status, await page.text()]).toEqual([200, '<h1>A game</h1>'])
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(await (await fetch(`${base}/game.js`)).text()).toBe('play()')
    expect((await fetch(`${base}/missing.js`)).status).toBe(404)
  })

  it('is never a hidden file', async () => {
    const publicDir = publicFolder()
    writeFileSync(join(publicDir, '.env'), 'forbidden')
    const response = await fetch(`${await listen({ publicDir })}/.env`)
    expect([response.status, (await response.text()).includes('forbidden')]).toEqual([404, false])
  })

  it.each(['/..%2fsecret.txt', '/%2e%2e/secret.txt', '/%2e%2e%2fsecret.txt', '/..%5csecret.txt'])(
    'is never a file from elsewhere: %s',
    async (path) => {
      const response = await fetch((await listen({ publicDir: publicFolder() })) + path)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(await response.text()).not.toContain('forbidden')
    },
  )

  it('is a word of explanation where there is no public folder', async () => {
    const base = await listen()
    expect(await (await fetch(`${base}/`)).text()).toMatch(/^KaosNet is running\./)
    expect((await fetch(`${base}/game.js`)).status).toBe(404)
  })

  it('needs the folder it is told to come from', async () => {
    await expect(newServer({ publicDir: '/nowhere' }).listen()).rejects.toThrow(
      'the public folder /nowhere does not exist',
    )
  })

  it('does not hide health and metrics', async () => {
    const base = await listen({ publicDir: publicFolder() })
    expect((await fetch(`${base}/healthz`)).status).toBe(200)
    expect((await fetch(`${base}/metrics`)).status).toBe(200)
  })

  it('comes with headers that keep browsers from guessing and telling', async () => {
    for (const path of ['/', '/game.js', '/healthz']) {
      const { headers } = await fetch((await listen({ publicDir: publicFolder() })) + path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })
})

describe('POST /v1/connect', () => {
  const post = async (base: string, body: unknown): Promise<Response> =>
    fetch(`${base}/v1/connect`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-test': 'this request' },
      body: JSON.stringify(body),
    })

  it('passes on the body, the address the request came in at and the client’s, and is not cached', async () => {
    const asked: unknown[] = []
    const base = await listen({
      connect: {
        connect: async (...request) => {
          asked.push(request)
          return { websocket: { path: '/ws' } }
        },
      },
    })
    const response = await post(base, { token: 'abc' })
    const ends = { localAddress: '127.0.0.1', clientAddress: 'the client of this request' }
    expect(asked).toEqual([[ends, { token: 'abc' }]])
    expect(await response.json()).toEqual({ websocket: { path: '/ws' } })
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it.each([
    ['AUTH_REQUIRED', 401],
    ['AUTH_EXPIRED', 401],
    ['INVALID_PAYLOAD', 400],
    ['RATE_LIMITED', 429],
  ] as const)('answers %s with status %d and the error', async (name, status) => {
    const error = new KaosError(name, 'no')
    const base = await listen({
      connect: {
        connect: async () => {
          throw error
        },
      },
    })
    const response = await post(base, {})
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ error: { code: error.code, name, message: 'no' } })
  })

  it('does not take a body above 64 KiB', async () => {
    expect((await post(await listen(), { token: 'x'.repeat(65_536) })).status).toBe(413)
  })
})

describe('the port', () => {
  it('is a free one when it is 0, and 0 before the server listens', async () => {
    const server = newServer()
    expect(server.port).toBe(0)
    await server.listen()
    expect(server.port).toBeGreaterThan(0)
    await server.close()
  })

  it('that is taken is told in one line', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void blocker.close())
    const { port } = blocker.address() as { port: number }
    const server = newServer({ port })
    await expect(server.listen()).rejects.toThrow(PortInUseError)
    await expect(newServer({ port }).listen()).rejects.toThrow(
      `port ${port} is in use: choose another with --port or KAOSNET_PORT (0 = any free one)`,
    )
    await server.close()
  })

  it('is free again when the server is closed, also with connections that are kept alive', async () => {
    const server = newServer()
    await server.listen()
    const { port } = server
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
    await server.close()
    const next = newServer({ port })
    await next.listen()
    await next.close()
  })
})
