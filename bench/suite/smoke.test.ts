import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'kaosnet-bench-'))
const BUILD_MS = 120_000
const RUN_MS = 60_000

async function bench(name: string): Promise<{ stdout: string; report: { data: unknown[] } }> {
  const out = join(folder, `${name}.json`)
  const args = ['bench/dist/suite/main.js', '--quick', '--no-peers', '--only', name, '--out', out]
  const { stdout } = await run(process.execPath, args, { cwd: root, timeout: RUN_MS })
  return { stdout, report: JSON.parse(readFileSync(out, 'utf8')).reports[name] }
}

describe.runIf(process.platform === 'linux')('npm run bench -- --quick', () => {
  beforeAll(async () => {
    await run(process.execPath, ['scripts/build.mjs'], { cwd: root })
    await run(join(root, 'node_modules/.bin/tsc'), ['-b', 'bench'], { cwd: root })
  }, BUILD_MS)
  afterAll(() => rmSync(folder, { recursive: true }))

  it(
    'measures the arena in both languages over both transports',
    async () => {
      const { stdout, report } = await bench('arena')
      expect(report.data).toHaveLength(4)
      for (const entry of report.data) {
        expect(entry).toMatchObject({ cell: { rooms: 2, gaps: 0, messages: expect.any(Number) } })
        const { cell } = entry as { cell: { deliveredShare: number; cpuUsPerMessage: number } }
        expect(cell.deliveredShare).toBeGreaterThan(0.8)
        expect(cell.cpuUsPerMessage).toBeGreaterThan(0)
      }
      expect(stdout).toContain('| KaosNet, Lua, RUDP | 2 |')
    },
    RUN_MS,
  )

  it(
    'measures the targets, with WebSocket clients among the others too',
    async () => {
      const { report } = await bench('targets')
      expect(report.data).toHaveLength(4)
      for (const entry of report.data) {
        const { server, load } = entry as {
          server: { ticksPerSecond: number }
          load: { deliveredShare: number; lost: number; refused: number }
        }
        // Four rooms at 60 Hz.
        expect(server.ticksPerSecond).toBeGreaterThan(200)
        expect(load).toMatchObject({ lost: 0, refused: 0 })
        expect(load.deliveredShare).toBeGreaterThan(0.8)
      }
    },
    RUN_MS,
  )

  it(
    'measures how many users one core holds',
    async () => {
      const { report } = await bench('ccu')
      expect(report.data).toHaveLength(4)
      for (const entry of report.data) {
        const { load } = entry as { load: { deliveredShare: number; latencyMs: { p50: number } } }
        expect(load.deliveredShare).toBeGreaterThan(0.8)
        // Half a tick of 100 ms, on average.
        expect(load.latencyMs.p50).toBeGreaterThan(10)
      }
    },
    RUN_MS,
  )

  it(
    'measures how long a server takes to start',
    async () => {
      const { stdout } = await bench('startup')
      for (const game of ['no scripts', 'the arena in Lua', 'the arena in TypeScript']) {
        const [, ms, , , cpuMs, mebibytes] =
          stdout.match(new RegExp(`^\\| ${game} (.*)\\|$`, 'm'))?.[1]?.split('|') ?? []
        for (const value of [ms, cpuMs, mebibytes])
          expect(Number(value?.replace(',', ''))).toBeGreaterThan(10)
      }
    },
    RUN_MS,
  )
})
