import type { Address } from '../endpoint/address.ts'
import type { DatagramBatch } from '../endpoint/datagram-batch.ts'
import type { SocketStats } from './socket-stats.ts'

/**
 * A UDP socket that takes and gives datagrams in batches: many per call into native code, where the implementation
 * can do that.
 */
export interface DatagramSocket {
  /** What moves the datagrams: `native`, `node:dgram`, or a name of your own. */
  readonly driverName: string
  /** Where it is bound. */
  readonly local: Address
  readonly stats: SocketStats
  /** Something has arrived after a time without: call `drain` soon, when as much as possible has followed it. */
  onReadable: (() => void) | undefined
  /** Called with what has arrived, from within `drain` or when a batch is full. The batch is valid during the call. */
  onReceive: ((batch: DatagramBatch) => void) | undefined
  /** The socket reported an error that concerns no send of ours. It goes on working. */
  onError: ((code: string) => void) | undefined
  /** Delivers to `onReceive` what has arrived and was not delivered yet. */
  drain(): void
  /** A batch to fill and give to `send`; it is empty. */
  acquire(): DatagramBatch
  /** Sends all of an acquired batch. What cannot be sent is counted and lost, as on any network. */
  send(batch: DatagramBatch): void
  /** Releases the socket. Idempotent. */
  close(): Promise<void>
}
