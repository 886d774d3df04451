import { Histogram, type Percentiles } from '../load/histogram.ts'
import { MetricsText } from '../rooms/measure/metrics-text.ts'
import { TickHistogram } from '../rooms/measure/tick-histogram.ts'
import type { ServerReading } from './server-process.ts'

const PER_TICK = 'kaosnet_tick_lateness_seconds'
const INPUT_ROUTING = 'kaosnet_input_routing_seconds'
const OUTPUT_ROUTING = 'kaosnet_output_routing_seconds'

/** From the server's buckets, interpolated. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
}

/** What the server did and used between two readings. */
export interface ServerFigures {
  readonly seconds: number
  /** Acknowledgements and heartbeats of sessions included. */
  readonly framesIn: number
  /** The same; those that newer ones have replaced were never sent, and do not count. */
  readonly framesOut: number
  readonly cpuUsPerFrame: number
  /** Of it in the kernel. */
  readonly systemUsPerFrame: number
  /** Of it in the thread that does the network; the rest is rooms, garbage collector, compiler. */
  readonly ioUsPerFrame: number
  readonly pageFaultsPerFrame: number
  /** UDP datagrams in and out for each frame, acknowledgements and other programs' included. */
  readonly datagramsPerFrame: number
  /** 1 = one core. */
  readonly cpuShare: number
  readonly ioBusyShare: number
  /** Of the busiest thread of rooms; as the server says. */
  readonly hostBusyShare: number
  readonly rssBytes: number
  readonly ticksPerSecond: number
  readonly ticksSkipped: number
  readonly tickLatenessMs: Quantiles
  /** From the reading of a message to the queue of its room. */
  readonly inputRoutingMs: Quantiles
  /** From the call of a script that sends to the handing over to the system, for each receiver. */
  readonly outputRoutingMs: Quantiles
  readonly gcPausesMs: Percentiles
  readonly gcShare: number
  readonly loopDelayMs: ServerReading['loopDelayMs']
  /** Inputs that found the queue of their room full, messages beyond a rate: times a limit acted. */
  readonly limitHits: number
  readonly framesSuperseded: number
}

export function serverFigures(before: ServerReading, after: ServerReading): ServerFigures {
  const earlier = new MetricsText(before.metrics)
  const later = new MetricsText(after.metrics)
  const grown = (name: string, labels?: string): number => later.sum(name, labels) - earlier.sum(name, labels)
  const elapsedMs = after.atMs - before.atMs
  const seconds = elapsedMs / 1000
  const framesIn = grown('kaosnet_messages_total', 'direction="in"')
  const framesSuperseded = grown('kaosnet_frames_superseded_total')
  const framesOut = grown('kaosnet_messages_total', 'direction="out"') - framesSuperseded
  const quantilesMs = (name: string): Quantiles => {
    const histogram = new TickHistogram(earlier.buckets(name), later.buckets(name))
    return { p50: histogram.quantile(0.5) * 1000, p99: histogram.quantile(0.99) * 1000 }
  }
  const pauses = Histogram.from([after.gcPauses])
  return {
    seconds,
    framesIn,
    framesOut,
    cpuUsPerFrame: (after.cpuUs - before.cpuUs) / (framesIn + framesOut),
    systemUsPerFrame: (after.systemUs - before.systemUs) / (framesIn + framesOut),
    ioUsPerFrame: (after.ioCpuUs - before.ioCpuUs) / (framesIn + framesOut),
    pageFaultsPerFrame: (after.pageFaults - before.pageFaults) / (framesIn + framesOut),
    datagramsPerFrame: (after.udpDatagrams - before.udpDatagrams) / (framesIn + framesOut),
    cpuShare: (after.cpuUs - before.cpuUs) / 1000 / elapsedMs,
    ioBusyShare: (after.ioBusyMs - before.ioBusyMs) / elapsedMs,
    hostBusyShare: grown('kaosnet_host_busy_seconds_total') / seconds,
    rssBytes: after.rssBytes,
    ticksPerSecond: grown('kaosnet_ticks_total') / seconds,
    ticksSkipped: grown('kaosnet_ticks_skipped_total'),
    tickLatenessMs: quantilesMs(PER_TICK),
    inputRoutingMs: quantilesMs(INPUT_ROUTING),
    outputRoutingMs: quantilesMs(OUTPUT_ROUTING),
    gcPausesMs: pauses.percentiles(),
    gcShare: pauses.sumMs / elapsedMs,
    loopDelayMs: after.loopDelayMs,
    limitHits: grown('kaosnet_limit_hits_total'),
    framesSuperseded,
  }
}
