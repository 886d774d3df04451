import { performance } from 'node:perf_hooks'

/** What a process had done and used by one moment; the difference of two says what happened in between. */
export interface ProcessSample {
  readonly atMs: number
  /** User and system time of all its threads. */
  readonly cpuUs: number
  /** Time in which its event loop did not wait for anything. */
  readonly busyMs: number
  readonly messages: number
}

/** Samples the process that calls it. */
export function sampleProcess(messages: number): ProcessSample {
  const { user, system } = process.cpuUsage()
  const busyMs = performance.eventLoopUtilization().active
  return { atMs: performance.now(), cpuUs: user + system, busyMs, messages }
}
