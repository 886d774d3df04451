import type { Address } from '../endpoint/address.ts'

/** How a datagram socket is opened, whichever driver it has. */
export interface SocketOptions {
  /** Local address; 0.0.0.0 for all IPv4, :: for all IPv6 and, where the system allows it, IPv4 as well. */
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
  /** Talk to this address only; the system then reports unreachable ports and filters strangers out. */
  readonly peer?: Address
  /** Wanted size of the system's buffers, in bytes; it may give less. */
  readonly receiveBufferBytes: number
  readonly sendBufferBytes: number
  /** Datagrams per batch. */
  readonly batchSize: number
}

/** Batches that wait for the system at once; beyond, datagrams are lost. */
export const MAX_WAITING_BATCHES = 16
