import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { type HostReport, TICK_BUCKETS_SECONDS } from '../host/host-report.ts'
import { HostStats } from '../host/host-stats.ts'
import { readHostReport } from '../host/read-host-report.ts'
import { registerHostMetrics } from './host-metrics.ts'

const NO_CALLS = { vms: 0, busyVms: 0, queued: 0, memoryBytes: 0 }

/** The samples of one metric, as the exposition text has them. */
async function samples(reports: () => readonly HostReport[], name: string): Promise<string[]> {
  const registry = new Registry()
  registerHostMetrics(registry, reports)
  return linesOf(await registry.metrics(), name)
}

function linesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
}

/** Two hosts: `game` in both, `lobby` in the second. */
function twoHosts(): { stats: [HostStats, HostStats]; reports(): HostReport[] } {
  const stats: [HostStats, HostStats] = [new HostStats(), new HostStats()]
  stats[0].module('game').rooms = 2
  stats[1].module('game').rooms = 1
  stats[1].module('lobby').rooms = 4
  return { stats, reports: () => stats.map((one, host) => readHostReport(host, one, [])) }
}

describe('what modules do', () => {
  it('is told by module and host', async () => {
    expect(await samples(twoHosts().reports, 'kaosnet_host_rooms')).toEqual([
      'kaosnet_host_rooms{module="game",host="0"} 2',
      'kaosnet_host_rooms{module="game",host="1"} 1',
      'kaosnet_host_rooms{module="lobby",host="1"} 4',
    ])
  })

  it('is what it is now, however often it is asked for', async () => {
    const { stats, reports } = twoHosts()
    const registry = new Registry()
    registerHostMetrics(registry, reports)
    const read = async (name: string) => linesOf(await registry.metrics(), name)
    stats[0].module('game').ticked(1, 1, 3)
    for (let scrape = 0; scrape < 2; scrape++) {
      expect(await read('kaosnet_ticks_total')).toContain('kaosnet_ticks_total{module="game",host="0"} 1')
      expect(await read('kaosnet_ticks_skipped_total')).toContain(
        'kaosnet_ticks_skipped_total{module="game",host="0"} 3',
      )
    }
    stats[0].module('game').rooms = 1
    stats[0].module('game').ticked(1, 1, 0)
    expect(await read('kaosnet_host_rooms')).toContain('kaosnet_host_rooms{module="game",host="0"} 1')
    expect(await read('kaosnet_ticks_total')).toContain('kaosnet_ticks_total{module="game",host="0"} 2')
  })

  it('tells of what its scripts hold and use', async () => {
    const stats = new HostStats()
    const report = readHostReport(0, stats, [])
    const modules = [stats.module('game').read('game', 1_000, 70)]
    const reports = () => [{ ...report, modules }]
    expect(await samples(reports, 'kaosnet_room_script_memory_bytes')).toEqual([
      'kaosnet_room_script_memory_bytes{module="game",host="0"} 1000',
    ])
    expect(await samples(reports, 'kaosnet_room_script_instructions_total')).toEqual([
      'kaosnet_room_script_instructions_total{module="game",host="0"} 70',
    ])
  })

  it('has no samples while there are no hosts', async () => {
    for (const name of [
      'kaosnet_host_rooms',
      'kaosnet_ticks_total',
      'kaosnet_tick_lateness_seconds_bucket',
    ]) {
      expect(await samples(() => [], name)).toEqual([])
    }
  })
})

describe('the histograms of ticks', () => {
  it('have cumulative buckets, up to one without a bound, and sum and count to match', async () => {
    const stats = new HostStats()
    for (const latenessMs of [0.05, 0.3, 0.4, 40, 5_000]) stats.module('game').ticked(latenessMs, 1, 0)
    const registry = new Registry()
    registerHostMetrics(registry, () => [readHostReport(2, stats, [])])
    const text = await registry.metrics()
    const buckets = linesOf(text, 'kaosnet_tick_lateness_seconds_bucket')
    const expected = TICK_BUCKETS_SECONDS.map((le) => {
      const count = le < 0.0005 ? 1 : le < 0.066 ? 3 : 4
      return `kaosnet_tick_lateness_seconds_bucket{le="${le}",module="game",host="2"} ${count}`
    })
    const last = 'kaosnet_tick_lateness_seconds_bucket{le="+Inf",module="game",host="2"} 5'
    expect(buckets).toEqual([...expected, last])
    const [sum] = linesOf(text, 'kaosnet_tick_lateness_seconds_sum')
    expect(sum).toMatch(/^kaosnet_tick_lateness_seconds_sum\{module="game",host="2"\} /)
    expect(Number(sum?.split(' ').at(-1))).toBeCloseTo(5.04075)
    expect(linesOf(text, 'kaosnet_tick_lateness_seconds_count')).toEqual([
      'kaosnet_tick_lateness_seconds_count{module="game",host="2"} 5',
    ])
  })

  it('keep lateness and duration apart', async () => {
    const stats = new HostStats()
    stats.module('game').ticked(0, 3, 0)
    const reports = () => [readHostReport(0, stats, [])]
    const first = (lines: string[]) =>
      lines
        .find((line) => line.includes('le="0.0001"'))
        ?.split(' ')
        .at(-1)
    expect(first(await samples(reports, 'kaosnet_tick_lateness_seconds_bucket'))).toBe('1')
    expect(first(await samples(reports, 'kaosnet_tick_duration_seconds_bucket'))).toBe('0')
  })

  it('are declared as histograms, once for all modules and hosts', async () => {
    const registry = new Registry()
    registerHostMetrics(registry, twoHosts().reports)
    const text = await registry.metrics()
    for (const name of ['kaosnet_tick_lateness_seconds', 'kaosnet_tick_duration_seconds']) {
      expect(text.split('\n').filter((line) => line.startsWith(`# TYPE ${name}`))).toEqual([
        `# TYPE ${name} histogram`,
      ])
      expect(linesOf(text, `${name}_count`)).toHaveLength(3)
    }
  })

  it('escape the names of modules', async () => {
    const stats = new HostStats()
    stats.module('a"b\\c').ticked(0, 1, 0)
    const [count] = await samples(() => [readHostReport(0, stats, [])], 'kaosnet_tick_duration_seconds_count')
    expect(count).toBe('kaosnet_tick_duration_seconds_count{module="a\\"b\\\\c",host="0"} 1')
  })

  it('survive a reset of the registry, because the hosts do the counting', async () => {
    const stats = new HostStats()
    stats.module('game').ticked(0, 1, 0)
    const registry = new Registry()
    registerHostMetrics(registry, () => [readHostReport(0, stats, [])])
    registry.resetMetrics()
    expect(linesOf(await registry.metrics(), 'kaosnet_tick_duration_seconds_count')).toEqual([
      'kaosnet_tick_duration_seconds_count{module="game",host="0"} 1',
    ])
  })
})

describe('what hosts hold', () => {
  it.each([
    ['kaosnet_lua_heap_bytes', 65_536],
    ['kaosnet_room_inputs_queued', 11],
    ['kaosnet_call_vms', 4],
    ['kaosnet_call_vms_busy', 3],
    ['kaosnet_calls_queued', 2],
    ['kaosnet_call_script_memory_bytes', 500],
    ['kaosnet_script_log_lines_dropped_total', 8],
    ['kaosnet_room_inputs_invalid_total', 9],
    ['kaosnet_host_busy_seconds_total', 1.5],
  ])('is told by host: %s', async (name, value) => {
    const one: HostReport = {
      ...readHostReport(0, new HostStats(), [], { vms: 4, busyVms: 3, queued: 2, memoryBytes: 500 }, 65_536),
      droppedLogLines: 8,
      invalidInputs: 9,
      labelsRefused: 4,
      busySeconds: 1.5,
      queuedInputs: 11,
    }
    const other: HostReport = { ...readHostReport(1, new HostStats(), [], NO_CALLS), busySeconds: 0 }
    expect(await samples(() => [one, other], name)).toEqual([
      `${name}{host="0"} ${value}`,
      `${name}{host="1"} 0`,
    ])
  })
})

describe('what goes wrong in scripts', () => {
  it('is added up over all hosts by callback', async () => {
    const { stats, reports } = twoHosts()
    stats[0].scriptFailed('match_loop')
    stats[1].scriptFailed('match_loop')
    stats[1].scriptFailed('rpc')
    expect(await samples(reports, 'kaosnet_script_errors_total')).toEqual([
      'kaosnet_script_errors_total{callback="match_loop"} 2',
      'kaosnet_script_errors_total{callback="rpc"} 1',
    ])
  })

  it('is told by kind, cause and host where a budget was exceeded', async () => {
    const { stats, reports } = twoHosts()
    stats[0].budgetExceeded('tick', 'instructions')
    stats[0].budgetExceeded('tick', 'instructions')
    stats[1].budgetExceeded('rpc', 'time')
    expect(await samples(reports, 'kaosnet_budget_exceeded_total')).toEqual([
      'kaosnet_budget_exceeded_total{kind="tick",cause="instructions",host="0"} 2',
      'kaosnet_budget_exceeded_total{kind="rpc",cause="time",host="1"} 1',
    ])
  })
})
