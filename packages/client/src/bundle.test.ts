import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const MAX_GZIP_BYTES = 20_000
const script = fileURLToPath(new URL('../build-bundle.mjs', import.meta.url))

describe('the bundle for browsers', () => {
  let folder = ''
  let bundle = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kaosnet-bundle-'))
    bundle = join(folder, 'kaosnet-client.js')
    await promisify(execFile)(process.execPath, [script, folder])
  })

  afterAll(() => rm(folder, { recursive: true }))

  it(`is at most ${MAX_GZIP_BYTES} bytes gzipped`, async () => {
    const bytes = await readFile(bundle)
    const gzipBytes = gzipSync(bytes, { level: 9 }).length
    console.log(`kaosnet-client.js: ${bytes.length} bytes, ${gzipBytes} bytes gzipped`)
    expect(gzipBytes).toBeLessThanOrEqual(MAX_GZIP_BYTES)
  })

  it('comes with a source map and needs nothing else', async () => {
    const text = await readFile(bundle, 'utf8')
    expect(text).toContain('//# sourceMappingURL=kaosnet-client.js.map')
    expect((await stat(`${bundle}.map`)).size).toBeGreaterThan(0)
    expect(text).not.toMatch(/\bimport\b\s*[{*'"(]|\brequire\(/)
  })

  it('uses the WebSocket of the page it runs in', async () => {
    const { KaosClient, KaosError } = await import(/* @vite-ignore */ pathToFileURL(bundle).href)
    const opened: string[] = []
    const page = globalThis as { WebSocket?: unknown }
    const original = page.WebSocket
    page.WebSocket = class {
      constructor(url: string) {
        opened.push(url)
        throw new Error('blocked by the page')
      }
    }
    try {
      const client = new KaosClient('https://play.example')
      await expect(client.connect()).rejects.toThrow(KaosError)
      expect(opened).toEqual(['wss://play.example/ws'])
    } finally {
      page.WebSocket = original
    }
  })
})
