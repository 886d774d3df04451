import { describe, expect, it } from 'vitest'
import { serverFigures } from './server-figures.ts'
import type { ServerReading } from './server-process.ts'

function reading(
  atMs: number,
  cpuUs: number,
  counts: { in: number; out: number; ticks: number },
): ServerReading {
  return {
    atMs,
    cpuUs,
    systemUs: cpuUs / 4,
    udpDatagrams: counts.in * 3,
    ioCpuUs: cpuUs / 2,
    pageFaults: 0,
    ioBusyMs: atMs / 2,
    rssBytes: 1_000,
    metrics: [
      `kaosnet_messages_total{op="RoomData",direction="in"} ${counts.in}`,
      `kaosnet_messages_total{op="Heartbeat",direction="out"} 5`,
      `kaosnet_messages_total{op="RoomData",direction="out"} ${counts.out}`,
      `kaosnet_ticks_total{module="m",host="0"} ${counts.ticks}`,
      `kaosnet_tick_lateness_seconds_bucket{le="0.001",module="m",host="0"} ${counts.ticks}`,
      `kaosnet_tick_lateness_seconds_bucket{le="+Inf",module="m",host="0"} ${counts.ticks}`,
      `kaosnet_input_routing_seconds_bucket{le="0.002",host="0"} ${counts.in}`,
      `kaosnet_input_routing_seconds_bucket{le="+Inf",host="0"} ${counts.in}`,
      `kaosnet_output_routing_seconds_bucket{le="0.004"} ${counts.out}`,
      `kaosnet_output_routing_seconds_bucket{le="+Inf"} ${counts.out}`,
      '',
    ].join('\n'),
    gcPauses: { maxMs: 3, sumMs: 40, counts: [[10, 4]] },
    loopDelayMs: { p50: 1, p99: 2, max: 3 },
  }
}

describe('serverFigures', () => {
  const figures = serverFigures(
    reading(1_000, 500_000, { in: 100, out: 200, ticks: 50 }),
    reading(5_000, 2_500_000, { in: 1_100, out: 3_200, ticks: 250 }),
  )

  it('divides the CPU time of the whole process by frames in and out', () => {
    expect([figures.framesIn, figures.framesOut]).toEqual([1_000, 3_000])
    expect(figures.cpuUsPerFrame).toBe(500)
    expect(figures.systemUsPerFrame).toBe(125)
    expect(figures.ioUsPerFrame).toBe(250)
    expect(figures.cpuShare).toBe(0.5)
  })

  it('does not count what was replaced before it was sent', () => {
    const before = reading(0, 0, { in: 0, out: 0, ticks: 0 })
    const after = reading(1_000, 1_000, { in: 100, out: 200, ticks: 20 })
    const metrics = `${after.metrics}kaosnet_frames_superseded_total 50\n`
    expect(serverFigures(before, { ...after, metrics }).framesOut).toBe(150)
  })

  it('tells rates of the time between the readings alone', () => {
    expect(figures.ticksPerSecond).toBe(50)
    expect(figures.ioBusyShare).toBe(0.5)
    expect(figures.tickLatenessMs.p99).toBeCloseTo(0.99)
    expect([figures.inputRoutingMs.p50, figures.outputRoutingMs.p99]).toEqual([1, 3.96])
    expect(figures.gcShare).toBeCloseTo(0.01)
  })
})
