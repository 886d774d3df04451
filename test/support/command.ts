import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const COMMAND = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

export interface CommandRun {
  readonly process: ChildProcess
  /** Resolves when the output matches; rejects when the command ends before. */
  until(pattern: RegExp): Promise<RegExpMatchArray>
  /** Its exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>
  readonly output: () => string
}

/**
 * The built command in a process of its own, as a user runs it; ended when the test is over.
 * @param command The one to run in place of what the build made here.
 */
export function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  command = COMMAND,
): CommandRun {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const checks = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      for (const check of checks) check()
    })
  }
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return {
    process: child,
    exit,
    output: () => output,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = output.match(pattern)
          if (match === null) return
          checks.delete(check)
          resolve(match)
        }
        checks.add(check)
        check()
        void exit.then((code) => reject(new Error(`ended with ${code}: ${output}`)))
      }),
  }
}
