import { describe, expect, it } from 'vitest'
import type { ServerSample } from '../processes/room-server.ts'
import { type CellReadings, cellResult } from './cell-result.ts'
import { MetricsText } from './metrics-text.ts'

const SECOND_US = 1e6
const GOAL_BOUND = 0.002

function sample(
  seconds: number,
  values: Partial<ServerSample> & { ticks: number; late: number },
): ServerSample {
  const { ticks, late } = values
  return {
    atMs: seconds * 1000,
    hostCpuUs: 0,
    mainCpuUs: 0,
    processCpuUs: 0,
    machineCpuUs: 0,
    mainBusyMs: 0,
    roomFrames: 0,
    metrics: new MetricsText(
      [
        `kaosnet_ticks_total ${ticks}`,
        `kaosnet_tick_lateness_seconds_bucket{le="${GOAL_BOUND}"} ${ticks - late}`,
        `kaosnet_tick_lateness_seconds_bucket{le="+Inf"} ${ticks}`,
        `kaosnet_tick_duration_seconds_sum ${ticks * 5e-6}`,
        `kaosnet_host_busy_seconds_total ${seconds / 2}`,
      ].join('\n'),
    ),
    ...values,
  }
}

const nothing = sample(0, { ticks: 0, late: 0 })
const readings: CellReadings = {
  cell: { language: 'lua', load: 'light', rooms: 100, hz: 20, seconds: 10, profile: undefined },
  idle: [
    nothing,
    sample(1, { ticks: 0, late: 0, hostCpuUs: 0.01 * SECOND_US, processCpuUs: 0.01 * SECOND_US }),
  ],
  measured: [
    nothing,
    sample(10, {
      ticks: 20_000,
      late: 200,
      hostCpuUs: 1.1 * SECOND_US,
      mainCpuUs: 0.5 * SECOND_US,
      processCpuUs: 2 * SECOND_US,
      machineCpuUs: 5 * SECOND_US,
      mainBusyMs: 1_000,
      roomFrames: 4_000,
    }),
  ],
  memory: [
    { hostHeap: 1_000, luaStates: 0, mainHeap: 500, resident: 10_000 },
    { hostHeap: 2_000, luaStates: 30_000, mainHeap: 700, resident: 60_000 },
  ],
  drift: { rooms: 100, medianMs: 0, worstMs: 1, ticks: 20_000 },
  inputsSent: 1_990,
  inputsDuePerSecond: 200,
  setUpMs: 10,
  isPinned: true,
}

describe('cellResult', () => {
  it('takes what the server used without rooms off what a tick costs', () => {
    const { host, main } = cellResult(readings)
    expect(host.coreShare).toBeCloseTo(0.1)
    expect(host.usPerTick).toBeCloseTo(50)
    expect(main.usPerTick).toBeCloseTo(25)
    expect([host.busyShare, main.busyShare]).toEqual([0.5, 0.1])
  })

  it('counts the threads that are neither the host nor the main one, and other programs', () => {
    const { helpersShare, otherCpuShare, isDisturbed } = cellResult(readings)
    expect(helpersShare).toBeCloseTo(0.04)
    expect(otherCpuShare).toBeCloseTo(0.3)
    expect(isDisturbed).toBe(true)
  })

  it('gives rates, the exact share of ticks in time, and memory for each room', () => {
    expect(cellResult(readings)).toMatchObject({
      ticksPerSecond: 2_000,
      skippedPerSecond: 0,
      tickUs: expect.closeTo(5),
      inputsPerSecond: 199,
      framesPerSecond: 400,
      lateness: { within2Ms: 0.99 },
      memory: { host: 10, lua: 300, main: 2, resident: 500 },
    })
  })
})
