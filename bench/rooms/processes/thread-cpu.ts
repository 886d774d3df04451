import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** CPU time of one thread of this process in µs, as the kernel's scheduler counts it. */
export function threadCpuUs(thread: number): number {
  const [nanoseconds] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8').split(' ')
  return Number(nanoseconds) / 1000
}

/** CPU time of all threads of this process in µs. */
export function processCpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** CPU time used on all cores together since the machine started, in µs. */
export function machineCpuUs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) * 1000
}
