import { loadNativeAddon, type NativeAddonLookup } from '../native/native-addon.ts'
import type { DriverChoice } from '../open-datagram-socket.ts'

/** A driver that tests run over. */
export interface TestedDriver {
  readonly driver: Exclude<DriverChoice, 'auto'>
  /** Why it cannot be tested here. */
  readonly missing: string | undefined
}

/** Both drivers; tests over the native one are skipped, and say why, where it could not be built. */
export const DRIVERS: readonly TestedDriver[] = [
  { driver: 'node', missing: undefined },
  { driver: 'native', missing: reasonOf(loadNativeAddon()) },
]

/** Sockets of this thread that are open or closing, of either driver. */
export function openUdpHandles(): number {
  const ofNode = process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWrap').length
  const native = loadNativeAddon()
  return ofNode + (native.kind === 'loaded' ? native.addon.openSockets() : 0)
}

function reasonOf(lookup: NativeAddonLookup): string | undefined {
  return lookup.kind === 'loaded' ? undefined : lookup.reason
}
