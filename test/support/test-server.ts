import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  createLogger,
  createServer,
  type KaosServer,
  type ServerConfigInput,
  type ServerParts,
} from '@kaosnet/server'
import { onTestFinished } from 'vitest'

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

export interface TestServer {
  readonly server: KaosServer
  readonly url: string
  readonly port: number
  readonly logs: readonly LogLine[]
  metrics(): Promise<string>
}

/**
 * A server on a free loopback port with the given Lua files, stopped when the test is over. Players may be anonymous
 * unless the test says otherwise.
 */
export async function startTestServer(
  scripts: Readonly<Record<string, string>>,
  config: ServerConfigInput = {},
  parts: ServerParts = {},
): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-test-'))
  for (const [name, source] of Object.entries(scripts)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), source)
  }
  const logs: LogLine[] = []
  const server = createServer(
    {
      host: '127.0.0.1',
      port: 0,
      shutdownGraceSeconds: 0,
      ...config,
      auth: { anonymous: true, ...config.auth },
      scripts: { dir, ...config.scripts },
    },
    { logger: createLogger('debug', { write: (line) => logs.push(JSON.parse(line) as LogLine) }), ...parts },
  )
  onTestFinished(async () => {
    await server.stop({ graceSeconds: 0 })
    rmSync(dir, { recursive: true, force: true })
  })
  await server.start()
  const url = `http://127.0.0.1:${server.port}`
  return {
    server,
    url,
    port: server.port,
    logs,
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
  }
}

/** A match module that does nothing but let people in; `overrides` replaces or adds functions. */
export function matchModule(overrides: Readonly<Record<string, string>> = {}): string {
  const functions: Record<string, string> = {
    match_init: 'function(ctx, params) return { state = {}, tick_rate = 50 } end',
    match_join: 'function(ctx, state, presences) return state end',
    match_leave: 'function(ctx, state, presences) return state end',
    match_loop: 'function(ctx, state, tick, messages) return state end',
    match_terminate: 'function(ctx, state, grace_seconds) return nil end',
    ...overrides,
  }
  return `local M = {}\n${Object.entries(functions)
    .map(([name, body]) => `M.${name} = ${body}`)
    .join('\n')}\nreturn M\n`
}
