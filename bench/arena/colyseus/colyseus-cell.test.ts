import { describe, expect, it } from 'vitest'
import { type ColyseusReadings, colyseusCell } from './colyseus-cell.ts'

const ROOMS = 10
const PLAYERS = 8

/** Ten seconds in which all went well: 16,000 snapshots, 8,000 inputs. */
const readings: ColyseusReadings = {
  rooms: ROOMS,
  players: PLAYERS,
  before: { atMs: 5_000, cpuUs: 1e6, rssBytes: 5e7, ticks: 100, inputs: 200, snapshots: 800 },
  after: { atMs: 15_000, cpuUs: 1.24e6, rssBytes: 6e7, ticks: 2_100, inputs: 8_200, snapshots: 16_800 },
  generator: {
    elapsedMs: 10_000,
    busyMs: 1_000,
    cpuUs: 1.1e6,
    inputsSent: 8_000,
    inputsDue: 8_000,
    snapshots: 16_000,
    missing: 0,
    disconnected: 0,
    intervalMs: { p50: 50, p99: 55 },
  },
  machineCpuUs: 1.74e6,
}

function cellWhere(generator: Partial<ColyseusReadings['generator']>) {
  return colyseusCell({ ...readings, generator: { ...readings.generator, ...generator } })
}

describe('colyseusCell', () => {
  it('divides what the server used by the messages in and out', () => {
    const cell = colyseusCell(readings)
    expect(cell.messages).toBe(24_000)
    expect(cell.cpuUsPerMessage).toBeCloseTo(10)
    expect(cell.serverCoreShare).toBeCloseTo(0.024)
    expect([cell.tickHz, cell.inputShare, cell.rssBytes]).toEqual([20, 1, 6e7])
  })

  it('measures delivery by the ticks that were promised, not by those that ran', () => {
    expect(colyseusCell(readings).deliveredShare).toBe(1)
    expect(cellWhere({ snapshots: 15_200 }).deliveredShare).toBeCloseTo(0.95)
  })

  it('says when other programs were at work', () => {
    const { otherCpuShare, isDisturbed } = colyseusCell(readings)
    expect(otherCpuShare).toBeCloseTo(0.04)
    expect(isDisturbed).toBe(false)
    expect(colyseusCell({ ...readings, machineCpuUs: 5e6 }).isDisturbed).toBe(true)
  })

  it('says when the generator was the bottleneck: busy all the time, or behind with its inputs', () => {
    expect(colyseusCell(readings).isGeneratorLimit).toBe(false)
    expect(cellWhere({ busyMs: 9_100 }).isGeneratorLimit).toBe(true)
    expect(cellWhere({ inputsSent: 7_800 }).isGeneratorLimit).toBe(true)
  })
})
