import type { Address } from './address.ts'
import type { DatagramBatch } from './datagram-batch.ts'

/**
 * One side of the transport on one socket, without the socket: datagrams and the time go in; datagrams and the next
 * deadline come out. A driver calls `handleDatagram` for all that arrived, then `handleTimeout` if the deadline has
 * passed, then `pollDatagrams` until it returns false.
 */
export interface Endpoint {
  /** Called when there may be something to poll although nothing arrived and no deadline passed. */
  onWake: (() => void) | undefined
  /** Takes one datagram as received; its bytes may be changed. `remote` may be used again by the caller. */
  handleDatagram(buffer: Uint8Array, offset: number, length: number, remote: Address, nowMs: number): void
  /** Appends datagrams to send. @returns true when the batch is full and there may be more */
  pollDatagrams(batch: DatagramBatch, nowMs: number): boolean
  /** When `handleTimeout` is due; Infinity = never. */
  nextDeadlineMs(): number
  handleTimeout(nowMs: number): void
}
