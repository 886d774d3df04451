import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

/** This file runs as `bench/dist/startup/start-time.js`. */
const COMMAND = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url))
const START_TIMEOUT_MS = 30_000
/** Linux counts CPU time in hundredths of a second, on every machine that Node runs on. */
const MS_PER_CPU_TICK = 10
/** The last two are counted in `/proc/<pid>/stat` behind the program's name, from 0: user and system time. */
const USER_FIELD = 11
const SYSTEM_FIELD = 12

export interface StartTime {
  /** From the start of the process until it prints its address, which it does when it listens. */
  readonly listeningMs: number
  /** User and system time of the process by then, in steps of 10 ms. */
  readonly cpuMs: number
  readonly rssBytes: number
}

/**
 * Starts `kaosnet start` once, in a process of its own, and stops it again.
 * @param folder of the game
 * @throws Error when it does not listen, or listens and is not ready
 */
export async function startOnce(folder: string, options: readonly string[]): Promise<StartTime> {
  const args = [
    COMMAND,
    'start',
    folder,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--log-level',
    'warn',
    ...options,
  ]
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const address = await addressOf(child)
    const listeningMs = performance.now() - startedAt
    const used = usedBy(child.pid ?? 0)
    const { status } = await fetch(`${address}/readyz`)
    if (status !== 200) throw new Error(`it listens, but /readyz answers ${status}`)
    return { listeningMs, ...used }
  } finally {
    if (child.exitCode === null && child.signalCode === null && child.kill()) await once(child, 'exit')
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = (reason: string): void => {
      clearTimeout(timer)
      reject(new Error(`kaosnet start ${reason}: ${output.trim()}`))
    }
    const timer = setTimeout(() => fail(`does not listen after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(`ended with ${code}`))
    const read = (text: string): void => {
      output += text
      const address = output.match(/http:\/\/[\d.]+:\d+(?=\/?\s)/)?.[0]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    }
    child.stdout?.setEncoding('utf8').on('data', read)
    child.stderr?.setEncoding('utf8').on('data', read)
  })
}

function usedBy(pid: number): Omit<StartTime, 'listeningMs'> {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [, rssKib] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m) ?? []
  return {
    cpuMs: (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) * MS_PER_CPU_TICK,
    rssBytes: Number(rssKib) * 1024,
  }
}
