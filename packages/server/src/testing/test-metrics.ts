import { Metrics } from '../observe/metrics.ts'

/** Metrics of a server that has nothing; the test closes them. */
export function testMetrics(): Metrics {
  return new Metrics({
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
  })
}
