import { Op } from '@kaosnet/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HostStats } from '../host/host-stats.ts'
import { readHostReport } from '../host/read-host-report.ts'
import { readMetric } from '../testing/read-metric.ts'
import { Metrics, type MetricsSources } from './metrics.ts'

function newMetrics(sources: Partial<MetricsSources> = {}): Metrics {
  const none = {
    sessions: () => 0,
    sessionsAway: () => 0,
    connections: () => 0,
    rooms: () => 0,
    members: () => 0,
    matchmakerTickets: () => 0,
    parties: () => 0,
    udpDrops: () => ({}),
    hosts: () => [],
    refreshHosts: async () => {},
  }
  const metrics = new Metrics({ ...none, ...sources })
  onTestFinished(() => metrics.close())
  return metrics
}

describe('Metrics', () => {
  it('exposes every metric by name and type, with help', async () => {
    const text = await newMetrics().expose()
    const types = new Map(
      Array.from(text.matchAll(/^# TYPE (kaosnet_\S+) (\w+)$/gm), ([, name, type]) => [name, type]),
    )
    expect(Object.fromEntries(types)).toEqual({
      kaosnet_sessions: 'gauge',
      kaosnet_sessions_away: 'gauge',
      kaosnet_sessions_dropped_total: 'counter',
      kaosnet_sessions_resumed_total: 'counter',
      kaosnet_replay_overflows_total: 'counter',
      kaosnet_matchmaker_tickets: 'gauge',
      kaosnet_parties: 'gauge',
      kaosnet_matches_total: 'counter',
      kaosnet_matched_players_total: 'counter',
      kaosnet_reservations_expired_total: 'counter',
      kaosnet_frames_unsent_total: 'counter',
      kaosnet_connections: 'gauge',
      kaosnet_rooms: 'gauge',
      kaosnet_room_members: 'gauge',
      kaosnet_messages_total: 'counter',
      kaosnet_message_bytes_total: 'counter',
      kaosnet_errors_total: 'counter',
      kaosnet_limit_hits_total: 'counter',
      kaosnet_script_errors_total: 'counter',
      kaosnet_rooms_ended_total: 'counter',
      kaosnet_sessions_ended_total: 'counter',
      kaosnet_frames_superseded_total: 'counter',
      kaosnet_frames_dropped_total: 'counter',
      kaosnet_udp_dropped_total: 'counter',
      kaosnet_host_rooms: 'gauge',
      kaosnet_host_busy_seconds_total: 'counter',
      kaosnet_tick_lateness_seconds: 'histogram',
      kaosnet_tick_duration_seconds: 'histogram',
      kaosnet_input_routing_seconds: 'histogram',
      kaosnet_output_routing_seconds: 'histogram',
      kaosnet_ticks_total: 'counter',
      kaosnet_ticks_skipped_total: 'counter',
      kaosnet_room_inputs_queued: 'gauge',
      kaosnet_room_inputs_invalid_total: 'counter',
      kaosnet_room_labels_refused_total: 'counter',
      kaosnet_room_script_memory_bytes: 'gauge',
      kaosnet_room_script_instructions_total: 'counter',
      kaosnet_lua_heap_bytes: 'gauge',
      kaosnet_budget_exceeded_total: 'counter',
      kaosnet_script_log_lines_dropped_total: 'counter',
      kaosnet_call_vms: 'gauge',
      kaosnet_call_vms_busy: 'gauge',
      kaosnet_calls_queued: 'gauge',
      kaosnet_call_script_memory_bytes: 'gauge',
      kaosnet_script_call_seconds: 'histogram',
      kaosnet_event_loop_delay_seconds: 'gauge',
    })
    for (const name of types.keys()) expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.+$`, 'm'))
    expect(text).toMatch(/^process_cpu_seconds_total/m)
    expect(newMetrics().contentType).toMatch(/^text\/plain; version=0\.0\.4/)
  })

  it('reads what kaos-rudp dropped when it is asked, and names only what happened', async () => {
    const drops = { 'address-connections': 2, foreign: 0 }
    const metrics = newMetrics({ udpDrops: () => drops })
    const read = async () =>
      (await metrics.expose()).split('\n').filter((line) => line.startsWith('kaosnet_udp_dropped_total'))
    expect(await read()).toEqual(['kaosnet_udp_dropped_total{reason="address-connections"} 2'])
    drops.foreign = 7
    expect(await read()).toContain('kaosnet_udp_dropped_total{reason="foreign"} 7')
  })

  it('reads the gauges when it is asked', async () => {
    let sessions = 3
    const metrics = newMetrics({
      sessions: () => sessions,
      connections: () => 5,
      rooms: () => 2,
      members: () => 9,
    })
    expect(await readMetric(metrics, 'kaosnet_sessions')).toBe(3)
    sessions = 4
    expect(await readMetric(metrics, 'kaosnet_sessions')).toBe(4)
    expect(await readMetric(metrics, 'kaosnet_connections')).toBe(5)
    expect(await readMetric(metrics, 'kaosnet_rooms')).toBe(2)
    expect(await readMetric(metrics, 'kaosnet_room_members')).toBe(9)
  })

  it('counts frames by operation and direction, and their bytes; unknown operations by number', async () => {
    const metrics = newMetrics()
    metrics.frameReceived(Op.RoomData, 10)
    metrics.frameReceived(Op.RoomData, 20)
    metrics.frameReceived(0xee, 5)
    metrics.frameSent(Op.RoomState, 100)
    for (let scrape = 0; scrape < 2; scrape++) {
      const messages = (op: string, direction: string) =>
        readMetric(metrics, 'kaosnet_messages_total', { op, direction })
      expect(await messages('RoomData', 'in')).toBe(2)
      expect(await messages('0xee', 'in')).toBe(1)
      expect(await messages('RoomState', 'out')).toBe(1)
      expect(await messages('RoomData', 'out')).toBe(0)
      expect(await readMetric(metrics, 'kaosnet_message_bytes_total', { direction: 'in' })).toBe(35)
      expect(await readMetric(metrics, 'kaosnet_message_bytes_total', { direction: 'out' })).toBe(100)
    }
  })

  it('counts errors by code and name', async () => {
    const metrics = newMetrics()
    metrics.errorSent(301)
    metrics.errorSent(301)
    metrics.errorSent(65_000)
    expect(await readMetric(metrics, 'kaosnet_errors_total', { code: '301', name: 'ROOM_FULL' })).toBe(2)
    expect(await readMetric(metrics, 'kaosnet_errors_total', { code: '65000', name: 'unknown' })).toBe(1)
  })

  it('counts limits, ends and drops by their label', async () => {
    const metrics = newMetrics()
    metrics.limitHit('roomInputQueue')
    metrics.roomEnded('arena', 'failed')
    metrics.sessionEnded(204)
    metrics.framesSuperseded(7)
    metrics.frameDropped('closing')
    expect(await readMetric(metrics, 'kaosnet_limit_hits_total', { limit: 'roomInputQueue' })).toBe(1)
    const ended = { module: 'arena', reason: 'failed' }
    expect(await readMetric(metrics, 'kaosnet_rooms_ended_total', ended)).toBe(1)
    expect(await readMetric(metrics, 'kaosnet_sessions_ended_total', { code: '204' })).toBe(1)
    expect(await readMetric(metrics, 'kaosnet_frames_superseded_total')).toBe(7)
    expect(await readMetric(metrics, 'kaosnet_frames_dropped_total', { reason: 'closing' })).toBe(1)
  })

  it('asks the hosts for theirs each time it is asked', async () => {
    const stats = new HostStats()
    const metrics = newMetrics({ hosts: () => [readHostReport(0, stats, [])] })
    const errors = () => readMetric(metrics, 'kaosnet_script_errors_total', { callback: 'match_loop' })
    expect(await errors()).toBe(0)
    stats.scriptFailed('match_loop')
    expect(await errors()).toBe(1)
    expect(await errors()).toBe(1)
  })

  it('measures script calls by kind', async () => {
    const metrics = newMetrics()
    metrics.scriptCalled('rpc', 12)
    metrics.scriptCalled('before', 1)
    metrics.scriptCalled('rpc', 8)
    expect(await readMetric(metrics, 'kaosnet_script_call_seconds_count', { kind: 'rpc' })).toBe(2)
    expect(await readMetric(metrics, 'kaosnet_script_call_seconds_sum', { kind: 'rpc' })).toBeCloseTo(0.02)
  })

  it('gives the event-loop delay as numbers, also when it was asked a moment ago', async () => {
    const metrics = newMetrics()
    for (let scrape = 0; scrape < 3; scrape++) {
      const text = await metrics.expose()
      const quantiles = [...text.matchAll(/^kaosnet_event_loop_delay_seconds\{quantile="(.+)"\} (.+)$/gm)]
      expect(quantiles.map(([, quantile]) => quantile)).toEqual(['0.5', '0.99', '1'])
      for (const [, , value] of quantiles) {
        expect(Number(value)).toBeGreaterThanOrEqual(0)
        expect(Number(value)).toBeLessThan(60)
      }
    }
  })

  it('keeps those of two servers in one process apart', async () => {
    const [one, other] = [newMetrics(), newMetrics()]
    one.limitHit('rooms')
    expect(await readMetric(other, 'kaosnet_limit_hits_total', { limit: 'rooms' })).toBe(0)
  })
})
