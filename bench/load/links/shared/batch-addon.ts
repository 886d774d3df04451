import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DatagramBatch, SLOT_BYTES } from '@kaosnet/rudp'

const COMPILE_WITHIN_MS = 60_000

/**
 * A socket of `native/batch-socket.c`, which says how payload and headers are laid out. Numbers returned are counts, or
 * negative error numbers; arguments of the wrong shape throw a TypeError.
 */
export interface NativeBatchSocket {
  /** Fills a batch's slots from the first on. @returns how many; 0 when nothing is there */
  receive(payload: Uint8Array, headers: Uint32Array): number
  /** Sends slots in order. @returns how many were sent, at least one; or why the first was not */
  send(payload: Uint8Array, headers: Uint32Array, from: number, to: number): number
  /** Datagrams that found the receive buffer full. */
  dropped(): number
  receiveBufferBytes(): number
  close(onClosed: () => void): void
}

/** What `native/batch-socket.c` exports. */
export interface BatchAddon {
  /** @returns a bound socket, or a negative error number */
  open(
    serverIp: string,
    serverPort: number,
    receiveBytes: number,
    sendBytes: number,
    onReadable: () => void,
  ): NativeBatchSocket | number
  readonly slotBytes: number
  readonly headerWords: number
}

/** Whether there is an addon that can be used here, and if not, why. */
export type BatchAddonLookup =
  | { readonly kind: 'loaded'; readonly addon: BatchAddon }
  | { readonly kind: 'unavailable'; readonly reason: string }

export interface BatchAddonOptions {
  /** C compiler, perhaps with options. Default: the environment's `CC`, or `cc`. */
  readonly compiler?: string
  /** Where the addon is, or is put. Default: `bench/dist/bin`. */
  readonly folder?: string
}

/** Loads the addon, and compiles it first when this very source was not compiled yet. Never throws. */
export function loadBatchAddon(options: BatchAddonOptions = {}): BatchAddonLookup {
  if (process.platform !== 'linux') return unavailable('it is for Linux')
  try {
    const bench = benchFolder()
    const source = join(bench, 'load', 'native', 'batch-socket.c')
    const folder = options.folder ?? join(bench, 'dist', 'bin')
    const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16)
    const file = join(folder, `batch-socket-${process.arch}-${hash}.node`)
    if (!existsSync(file)) compile(source, file, folder, options.compiler ?? (process.env.CC || 'cc'))
    const addon = createRequire(import.meta.url)(file) as BatchAddon
    if (addon.slotBytes !== SLOT_BYTES || addon.headerWords !== new DatagramBatch(1).headers.length) {
      return unavailable('it was built for batches of another layout')
    }
    return { kind: 'loaded', addon }
  } catch (error) {
    return unavailable(error instanceof Error ? error.message : String(error))
  }
}

/** `bench`, whether this file runs from there or from `bench/dist`. */
function benchFolder(): string {
  const candidates = ['../../..', '../../../..'].map((path) => fileURLToPath(new URL(path, import.meta.url)))
  const found = candidates.find((folder) => existsSync(join(folder, 'load', 'native')))
  if (found === undefined) throw new Error('its source is not there')
  return found
}

/** Several processes may do this at once: each makes a file of its own, and the last one's stays. */
function compile(source: string, file: string, folder: string, compiler: string): void {
  const [command = '', ...flags] = compiler.split(' ').filter((part) => part !== '')
  const unfinished = `${file}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  try {
    const { error, status, stderr } = spawnSync(
      command,
      [
        ...flags,
        ...['-std=gnu11', '-O2', '-Wall', '-shared', '-fPIC', `-I${headerFolder()}`],
        ...['-o', unfinished, source],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: COMPILE_WITHIN_MS },
    )
    if (error !== undefined && 'code' in error && error.code === 'ENOENT')
      throw new Error(`there is no C compiler (${compiler})`)
    if (error !== undefined) throw error
    if (status !== 0) {
      throw new Error(`${compiler} failed: ${stderr.split('\n').find((line) => /error/.test(line))}`)
    }
    renameSync(unfinished, file)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** Where Node.js keeps node_api.h and uv.h. */
function headerFolder(): string {
  const candidates = [
    resolve(process.execPath, '..', '..', 'include', 'node'),
    '/usr/include/node',
    '/usr/include/nodejs',
  ]
  const found = candidates.find((folder) =>
    ['node_api.h', 'uv.h'].every((header) => existsSync(join(folder, header))),
  )
  if (found === undefined) throw new Error('the headers of Node.js (node_api.h, uv.h) are not installed')
  return found
}

function unavailable(reason: string): BatchAddonLookup {
  return { kind: 'unavailable', reason }
}
