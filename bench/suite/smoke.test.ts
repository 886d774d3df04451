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

async function bench<Data = unknown[]>(
  name: string,
): Promise<{ stdout: string; report: { data: Data; notes: string[] } }> {
  const out = join(folder, `${name}.json`)
  const args = ['bench/dist/suite/main.js', '--quick', '--no-peers', '--only', name, '--out', out]
  const { stdout } = await run(process.execPath, args, { cwd: root, timeout: RUN_MS })
  return { stdout, report: JSON.parse(readFileSync(out, 'utf8')).reports[name] }
}

interface Idle {
  readonly name: string
  readonly empty: { readonly server: { readonly cpuShare: number } }
  readonly sizes: readonly {
    readonly bytesEach: { readonly heap: number }
    readonly server: { readonly framesIn: number; readonly ticksPerSecond: number }
  }[]
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
    'measures RPCs in both languages over both transports',
    async () => {
      const { report } = await bench('rpc')
      expect(report.data).toHaveLength(4)
      for (const entry of report.data) {
        const { callsPerSecond, cpuUsPerCall, load } = entry as {
          callsPerSecond: number
          cpuUsPerCall: number
          load: { latencyMs: { count: number; p50: number } }
        }
        expect(callsPerSecond).toBeGreaterThan(50)
        expect(cpuUsPerCall).toBeGreaterThan(1)
        // Four are in flight, so the times of all calls make up four times the window.
        expect(callsPerSecond * load.latencyMs.p50).toBeLessThan(8_000)
        expect(entry).toMatchObject({ server: { limitHits: 0 }, load: { lost: 0, refused: 0 } })
      }
    },
    RUN_MS,
  )

  it(
    'measures idle sessions and empty rooms',
    async () => {
      const { report } = await bench<{ sessions: Idle[]; rooms: Idle[] }>('idle')
      expect(report.data.sessions.map(({ name }) => name)).toEqual(['RUDP', 'WebSocket'])
      expect(report.data.rooms.map(({ name }) => name)).toEqual(['Lua', 'TypeScript'])
      for (const { empty, sizes } of [...report.data.sessions, ...report.data.rooms]) {
        expect(sizes).toHaveLength(1)
        expect(empty.server.cpuShare).toBeGreaterThan(0)
        // They are few, but what is alive is no noise.
        expect(sizes[0]?.bytesEach.heap).toBeGreaterThan(1_000)
      }
      for (const { sizes } of report.data.sessions) expect(sizes[0]?.server.framesIn).toBeGreaterThan(0)
      for (const { sizes } of report.data.rooms) expect(sizes[0]?.server.ticksPerSecond).toBeGreaterThan(150)
    },
    RUN_MS,
  )

  it(
    'measures datagrams beside a program in C',
    async () => {
      const { stdout, report } = await bench<{ row: string; serverCpuUs: number }[]>('datagrams')
      expect(report.data.map(({ row }) => row)).toEqual(expect.arrayContaining(['c', 'native', 'node']))
      for (const { serverCpuUs } of report.data) expect(serverCpuUs).toBeGreaterThan(0.1)
      expect(stdout).toContain('| native driver |')
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
