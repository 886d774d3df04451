import { createRequire } from 'node:module'
import type { CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram, type ProgramIo } from './program.ts'

interface Outcome {
  readonly output: string
  /** What the program wanted to exit with; undefined when it ran on. */
  readonly exitCode: number | undefined
  readonly failures: readonly string[]
}

/** Runs the program with arguments, without a process. */
async function run(args: readonly string[]): Promise<Outcome> {
  let output = ''
  const failures: string[] = []
  const io: ProgramIo = {
    environment: {},
    write: () => {},
    fail: (message) => failures.push(message),
    exit: () => {},
    kill: () => {},
    onSignal: () => {},
  }
  const program = createProgram(io)
  for (const command of [program, ...program.commands]) {
    command.exitOverride()
    command.configureOutput({
      writeOut: (text) => {
        output += text
      },
      writeErr: (text) => {
        output += text
      },
    })
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
    return { output, exitCode: undefined, failures }
  } catch (error) {
    return { output, exitCode: (error as CommanderError).exitCode, failures }
  }
}

describe('kaosnet', () => {
  it('says its version', async () => {
    const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
    for (const flag of ['--version', '-v']) {
      expect(await run([flag])).toEqual({ output: `${version}\n`, exitCode: 0, failures: [] })
    }
  })

  it('explains itself, and each of its commands', async () => {
    const all = await run(['--help'])
    expect(all.exitCode).toBe(0)
    expect(all.output).toMatch(/^Usage: kaosnet /)
    expect(all.output).toMatch(/^ {2}start /m)
    const start = await run(['start', '--help'])
    expect(start.exitCode).toBe(0)
    for (const option of [
      '--port',
      '--host',
      '--config',
      '--scripts',
      '--public',
      '--anonymous',
      '--env',
      '--log-level',
      '--log-format',
    ]) {
      expect(start.output).toMatch(new RegExp(`^ +(-., )?${option}\\b.* {2}\\S`, 'm'))
    }
    expect(start.output).toContain('docs/operations.md')
  })

  it.each(['seven', '-1', '65536', '80.5', '0x50', '1e3', '', ' 80'])(
    'does not take %j for a port, and says so in one line',
    async (port) => {
      const { output, exitCode, failures } = await run(['start', `--port=${port}`])
      expect(exitCode).toBe(1)
      expect(output).toBe(
        `error: option '-p, --port <port>' argument '${port}' is invalid. a port is a number from 0 to 65535\n`,
      )
      expect(failures).toEqual([])
    },
  )

  it.each(['novalue', '=value', ''])('does not take %j for key=value', async (pair) => {
    const { output, exitCode } = await run(['start', `--env=${pair}`])
    expect(exitCode).toBe(1)
    expect(output).toContain('write it as key=value')
    expect(output.trim()).not.toContain('\n')
  })

  it.each([[['launch']], [['start', '--prot', '1']], [['start', 'a', 'b']]])(
    'refuses what it does not know: %j',
    async (args) => {
      const { output, exitCode } = await run(args)
      expect(exitCode).toBe(1)
      expect(output).toMatch(/^error: /)
    },
  )

  it('hands on what happens when the game cannot start', async () => {
    const { failures, exitCode } = await run(['start', '/nowhere'])
    expect(failures).toEqual(['kaosnet: the folder /nowhere does not exist'])
    expect(exitCode).toBeUndefined()
  })
})
