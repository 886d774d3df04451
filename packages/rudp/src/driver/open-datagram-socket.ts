import type { DatagramSocket } from './datagram-socket.ts'
import { loadNativeAddon } from './native/native-addon.ts'
import { NativeDatagramSocket } from './native/native-datagram-socket.ts'
import { NodeDgramSocket } from './node-dgram-socket.ts'
import type { SocketOptions } from './socket-options.ts'

/** Which driver sockets have. `auto`: the native one where it was built, otherwise that of Node.js. */
export type DriverChoice = 'auto' | 'native' | 'node'

/**
 * Opens a UDP socket. Its `driverName` says which driver it got.
 * @throws Error that says why when `native` is asked for and is not there; the system's error (`EADDRINUSE`,
 * `EACCES`, …) when the socket cannot be bound
 */
export async function openDatagramSocket(
  options: SocketOptions,
  driver: DriverChoice = 'auto',
): Promise<DatagramSocket> {
  if (driver === 'node') return await NodeDgramSocket.bind(options)
  const native = loadNativeAddon()
  if (native.kind === 'loaded') return await NativeDatagramSocket.bind(options, native.addon)
  if (driver === 'native') throw new Error(`The native datagram driver is not available: ${native.reason}`)
  return await NodeDgramSocket.bind(options)
}
