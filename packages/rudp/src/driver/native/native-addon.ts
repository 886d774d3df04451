import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { HEADER_WORDS, SLOT_BYTES } from '../../endpoint/datagram-batch.ts'

/** Bits of the events a {@link NativeSocket} reports. */
export const NativeEvent = { Readable: 1, Writable: 2, Error: 4 } as const

/**
 * A socket of `native/datagrams.c`, which says how payload and headers are laid out. Numbers returned are counts, or
 * negative error numbers; arguments of the wrong shape throw a TypeError.
 */
export interface NativeSocket {
  /** Fills a batch's slots from the first on. @returns how many; 0 when nothing is there */
  receive(payload: Uint8Array, headers: Uint32Array): number
  /** Sends slots in order. @returns how many were sent, at least one; or why the first was not */
  send(payload: Uint8Array, headers: Uint32Array, from: number, to: number): number
  /** Asks for one `Writable` event. */
  awaitWritable(): void
  connect(ip: string, port: number): number
  setBufferSizes(receiveBytes: number, sendBytes: number): number
  /** Writes where the socket is bound into the first header. */
  local(headers: Uint32Array): number
  close(onClosed: () => void): void
}

/** What `native/datagrams.c` exports. */
export interface NativeAddon {
  /** @returns a bound socket, or a negative error number */
  open(
    ip: string,
    port: number,
    isIPv6: boolean,
    onEvent: (events: number, errorNumber: number) => void,
  ): NativeSocket | number
  /** Sockets of this thread that are not wholly closed. */
  openSockets(): number
  /** Writes an address into the first header. */
  parseAddress(ip: string, port: number, isIPv6: boolean, headers: Uint32Array): number
  formatAddress(headers: Uint32Array, slot: number): string
  readonly slotBytes: number
  readonly headerWords: number
}

/** Whether there is an addon that can be used here, and if not, why. */
export type NativeAddonLookup =
  | { readonly kind: 'loaded'; readonly addon: NativeAddon }
  | { readonly kind: 'unavailable'; readonly reason: string }

const require = createRequire(import.meta.url)

/** Where `native/install.mjs` puts what it makes of this very source; undefined without the source. */
const ADDON = addonUrl()

/** Loads the addon that was built on install. Node.js keeps what is loaded, so asking again costs little. */
export function loadNativeAddon(): NativeAddonLookup {
  if (process.platform !== 'linux') return unavailable('it is for Linux')
  if (ADDON === undefined || !existsSync(ADDON)) return unavailable('it was not built on install')
  try {
    const addon = require(fileURLToPath(ADDON)) as NativeAddon
    if (addon.slotBytes !== SLOT_BYTES || addon.headerWords !== HEADER_WORDS) {
      return unavailable('it was built for batches of another layout')
    }
    return { kind: 'loaded', addon }
  } catch (error) {
    return unavailable(String(error))
  }
}

function addonUrl(): URL | undefined {
  try {
    // By its name: this file may have become a part of another one.
    const manifest = pathToFileURL(require.resolve('@kaosnet/rudp/package.json'))
    const source = readFileSync(new URL('native/datagrams.c', manifest))
    const hash = createHash('sha256').update(source).digest('hex').slice(0, 16)
    return new URL(`build/datagrams-${process.platform}-${process.arch}-${hash}.node`, manifest)
  } catch {
    return undefined
  }
}

function unavailable(reason: string): NativeAddonLookup {
  return { kind: 'unavailable', reason }
}
