import { createRequire } from 'node:module'
import { Command, InvalidArgumentError } from 'commander'
import { type StartOptions, start } from './start.ts'

/** What the program touches outside itself. */
export interface ProgramIo {
  readonly environment: Readonly<Record<string, string | undefined>>
  write(text: string): void
  /** Prints one message and ends with a failure. */
  fail(message: string): void
  exit(code: number): void
  /** Ends the process whatever its threads do. */
  kill(): void
  onSignal(callback: () => void): void
}

/** The `kaosnet` command. */
export function createProgram(io: ProgramIo): Command {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
  const program = new Command('kaosnet')
    .description('KaosNet: a real-time multiplayer game server.')
    .version(version, '-v, --version')
  program
    .command('start')
    .description(
      'Start a server for the game in a folder: lua/ and modules/ (scripts), public/ (page), kaosnet.json (configuration).',
    )
    .argument('[dir]', 'the game', '.')
    .option('-p, --port <port>', 'TCP port of the page and WebSocket; 0 = any free one', port)
    .option('--host <address>', 'address to listen on')
    .option('--config <file>', 'configuration file (default: kaosnet.json in the folder, if there is one)')
    .option('--scripts <dir>', 'folder of the Lua scripts (default: lua in the folder)')
    .option('--modules <dir>', 'folder of TypeScript modules (default: modules in the folder)')
    .option('--public <dir>', 'folder of the page (default: public in the folder)')
    .option('--anonymous', 'admit players without a token')
    .option('--watch', 'load the scripts anew whenever one of them changes')
    .option('--env <key=value>', 'a value scripts read as ctx.env; may be repeated', keyValue, {})
    .option('--log-level <level>', 'debug, info, warn, error or silent')
    .option('--log-format <format>', 'json or pretty (default: pretty on a terminal)')
    .addHelpText(
      'after',
      '\nEvery option of the configuration has an environment variable too: see docs/operations.md.',
    )
    .action((dir: string, options: StartOptions) => start(dir, options, version, io))
  return program
}

function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535')
  return value
}

function keyValue(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('write it as key=value')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
