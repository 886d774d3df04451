import { describe, expect, it } from 'vitest'
import type { LatencyResult } from './latency/latency.ts'
import { latencyTable, throughputTables } from './report.ts'
import type { ThroughputResult } from './throughput/throughput.ts'

const THROUGHPUT: ThroughputResult = {
  row: 'ws',
  connections: 10,
  messageBytes: 64,
  messagesPerSecond: 12_345.6,
  serverCpuUsPerMessage: 7.25,
  serverBusyShare: 1,
  generatorBusyShare: 0.5,
  bottleneck: 'server',
  lost: 0,
  otherCpuShare: 0,
  isDisturbed: false,
}

const DIRECTION = { passed: 0, lost: 0, overflowed: 0, failed: 0, lateUsMax: 0 }
const LATENCY: LatencyResult = {
  row: 'rudp-ordered',
  lossPercent: 1,
  isReliable: true,
  roundTripMs: { p50: 51.4, p95: 60, p99: 99.6, p999: 120, max: 130 },
  sent: 100,
  received: 100,
  sendLateMs: { p50: 0, p95: 0, p99: 0, p999: 0, max: 0 },
  link: { there: DIRECTION, back: DIRECTION },
  isDisturbed: false,
}

describe('throughputTables', () => {
  it('puts transports across and connections down, one table per message size', () => {
    const text = throughputTables([
      THROUGHPUT,
      { ...THROUGHPUT, row: 'dgram', bottleneck: 'generator', lost: 3 },
      { ...THROUGHPUT, connections: 100, bottleneck: 'window' },
      { ...THROUGHPUT, messageBytes: 1000 },
    ])
    expect(text).toContain('| connections | WebSocket (`ws`) | `node:dgram` |')
    expect(text).toContain('| 10 | 12,346, 7.3 µs | 12,346, 7.3 µs, 3 lost * |')
    expect(text).toContain('| 100 | 12,346, 7.3 µs † | – |')
    expect(text).toContain('1000 B echo')
    expect(text).not.toContain('‡')
  })

  it('marks what was disturbed, and says what that means', () => {
    const text = throughputTables([{ ...THROUGHPUT, isDisturbed: true }])
    expect(text).toContain('7.3 µs ‡')
    expect(text).toContain('measure again')
  })
})

describe('latencyTable', () => {
  it('puts loss across and transports down', () => {
    const text = latencyTable([LATENCY, { ...LATENCY, row: 'ws', lossPercent: 5 }])
    expect(text).toContain('|  | 1 % | 5 % |')
    expect(text).toContain('| kaos-rudp reliable-ordered | 51 / 60 / 100 / 120 | – |')
    expect(text).toContain('| WebSocket (`ws`) | – | 51 / 60 / 100 / 120 |')
  })

  it('shows what an unreliable row lost, and shouts when a reliable one did', () => {
    const unreliable: LatencyResult = { ...LATENCY, row: 'rudp-unreliable', isReliable: false, received: 90 }
    expect(latencyTable([unreliable])).toContain('(10.0 % lost)')
    expect(latencyTable([{ ...LATENCY, received: 99 }])).toContain('**1 missing**')
    expect(latencyTable([{ ...LATENCY, isDisturbed: true }])).toContain('120 ‡')
  })
})
