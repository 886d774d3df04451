import { Counter, type Registry } from 'prom-client'

/** What kaos-rudp counts by itself, read when somebody asks for the metrics. */
export function registerUdpMetrics(registry: Registry, drops: () => Readonly<Record<string, number>>): void {
  new Counter({
    name: 'kaosnet_udp_dropped_total',
    help: 'Datagrams and attempts to connect that kaos-rudp dropped or refused, by reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [reason, count] of Object.entries(drops())) {
        if (count > 0) this.inc({ reason }, count)
      }
    },
  })
}
