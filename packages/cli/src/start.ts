import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import {
  ConfigError,
  createLogger,
  KaosServer,
  type Logger,
  PortInUseError,
  resolveConfig,
  type ServerConfig,
  type ServerConfigInput,
} from '@kaosnet/server'
import { withKeyOf } from './key-folder.ts'
import type { ProgramIo } from './program.ts'
import { withTranslationsIn } from './translation-folder.ts'
import { type ScriptWatcher, watchScripts } from './watch-scripts.ts'

export interface StartOptions {
  readonly port?: number
  readonly host?: string
  readonly config?: string
  readonly scripts?: string
  readonly modules?: string
  readonly public?: string
  readonly anonymous?: boolean
  readonly watch?: boolean
  readonly env: Readonly<Record<string, string>>
  readonly logLevel?: string
  readonly logFormat?: string
}

/** `kaosnet start`: runs until a signal; a second signal ends it at once. */
export async function start(
  dir: string,
  options: StartOptions,
  version: string,
  io: ProgramIo,
): Promise<void> {
  let server: KaosServer
  let watcher: ScriptWatcher | undefined
  try {
    const config = configFor(dir, options, io)
    const logger = await loggerFor(config, options)
    const folder = resolve(dir)
    server = new KaosServer(withTranslationsIn(folder, withKeyOf(folder, config, logger)), { logger })
    await server.start()
    if (options.watch === true) {
      watcher = await watchScripts(watchedFolders(config), async () => {
        // The server has logged what went wrong.
        await server.reload().catch(() => {})
      })
    }
  } catch (error) {
    return io.fail(explain(error))
  }
  io.write(banner(server, version, watcher !== undefined))
  io.onSignal(stopper(server, watcher, io))
}

/** What signals do: the first stops the server in order, the second ends the process. */
function stopper(server: KaosServer, watcher: ScriptWatcher | undefined, io: ProgramIo): () => void {
  let signals = 0
  const exit = (code: number, hasThreads: boolean): void => {
    // To exit is to wait for every thread, also for one that cannot be ended.
    if (hasThreads) io.kill()
    else io.exit(code)
  }
  return () => {
    signals++
    if (signals === 2) {
      server.endThreads().then(
        (isDone) => exit(130, !isDone),
        () => exit(130, true),
      )
    }
    if (signals > 1) return
    io.write('\nStopping … (once more to stop at once)\n')
    void watcher?.close()
    server.stop().then(
      () => {
        if (signals === 1) exit(0, server.leftBehind.includes('threads'))
      },
      (error: unknown) => io.fail(explain(error)),
    )
  }
}

function configFor(dir: string, options: StartOptions, io: ProgramIo): ServerConfig {
  const folder = resolve(dir)
  if (!existsSync(folder)) throw new ConfigError(`the folder ${folder} does not exist`)
  const file = options.config ?? existing(folder, 'kaosnet.json')
  // What the folder holds is only a default: configuration file, environment and flags may name another.
  const found: ServerConfigInput = {
    ...publicFolder(existing(folder, 'public')),
    scripts: scriptFolders(existing(folder, 'lua'), existing(folder, 'modules')),
  }
  const flags: ServerConfigInput = {
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.host === undefined ? {} : { host: options.host }),
    ...publicFolder(options.public),
    ...(options.anonymous === true ? { auth: { anonymous: true } } : {}),
    ...(options.logLevel === undefined ? {} : { log: { level: options.logLevel as 'info' } }),
    scripts: { ...scriptFolders(options.scripts, options.modules), env: options.env },
  }
  return resolveConfig({
    options: found,
    ...(file === undefined ? {} : { file }),
    environment: io.environment,
    flags,
  })
}

function publicFolder(publicDir: string | undefined): { publicDir?: string } {
  return publicDir === undefined ? {} : { publicDir }
}

function scriptFolders(
  dir: string | undefined,
  modulesDir: string | undefined,
): { dir?: string; modulesDir?: string } {
  return {
    ...(dir === undefined ? {} : { dir }),
    ...(modulesDir === undefined ? {} : { modulesDir }),
  }
}

function existing(folder: string, name: string): string | undefined {
  const path = join(folder, name)
  return existsSync(path) ? path : undefined
}

async function loggerFor(config: ServerConfig, options: StartOptions): Promise<Logger> {
  const format = options.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json')
  if (format === 'pretty') {
    // Servers that write JSON start sooner without it.
    const { default: pretty } = await import('pino-pretty')
    return createLogger(config.log.level, pretty({ destination: 2, ignore: 'pid,hostname', sync: true }))
  }
  if (format !== 'json') throw new ConfigError('--log-format is json or pretty')
  return createLogger(config.log.level, process.stderr)
}

function banner(server: KaosServer, version: string, isWatched: boolean): string {
  const { publicDir } = server.config
  const [page, ...others] = server.addresses
  const rows: [string, string][] = [
    [publicDir === undefined ? 'HTTP' : 'Play', page ?? ''],
    ...others.map((address): [string, string] => ['Clients', address]),
    ...scriptRows(server.config, isWatched),
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(8)} ${value}`)
  return `\nKaosNet ${version}\n\n${lines.join('\n')}\n\nCtrl+C stops it.\n`
}

function scriptRows(config: ServerConfig, isWatched: boolean): [string, string][] {
  const folders = watchedFolders(config).map((folder) => relative('.', folder) || '.')
  if (folders.length === 0) return [['Scripts', 'none']]
  return folders.map((folder) => ['Scripts', isWatched ? `${folder} (reloaded when they change)` : folder])
}

function watchedFolders({ scripts }: ServerConfig): string[] {
  return [scripts.dir, scripts.modulesDir].filter((folder) => folder !== undefined)
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof PortInUseError) return `kaosnet: ${error.message}`
  if (error instanceof Error) {
    const traceback = (error as { traceback?: unknown }).traceback
    return `kaosnet: ${error.message}${typeof traceback === 'string' ? `\n${traceback}` : ''}`
  }
  return `kaosnet: ${String(error)}`
}
