import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type CommandRun, runCommand } from './command.ts'

/** A folder with a game in it, gone when the test is over. */
export function gameFolder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'kaosnet-game-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return dir
}

export interface GameProcess extends CommandRun {
  /** Its HTTP address, without a slash at the end. */
  readonly url: string
  readonly port: number
  readonly udpPort: number
}

const READY = /HTTP\s+http:\/\/127\.0\.0\.1:(\d+)\/[\s\S]*udp:\/\/127\.0\.0\.1:(\d+)/

/** `kaosnet start` on loopback, in a process that can be killed; resolves when it serves. Ports are any free ones unless given. */
export async function startGameProcess(
  dir: string,
  environment: Readonly<Record<string, string>> = {},
  { port = 0, udpPort }: { readonly port?: number; readonly udpPort?: number } = {},
): Promise<GameProcess> {
  const run = runCommand(
    ['start', dir, '--host', '127.0.0.1', '--port', String(port), '--anonymous', '--log-format', 'json'],
    { ...environment, ...(udpPort === undefined ? {} : { KAOSNET_UDP_PORT: String(udpPort) }) },
  )
  const [, tcp, udp] = await run.until(READY)
  return { ...run, url: `http://127.0.0.1:${tcp}`, port: Number(tcp), udpPort: Number(udp) }
}
