/** What a socket has done. Counts run from the start. */
export interface SocketStats {
  receivedDatagrams: number
  sentDatagrams: number
  /** Datagrams the operating system refused to send, by its error code (`ENOBUFS`, `EMSGSIZE`, …). */
  readonly sendErrors: Record<string, number>
  /** Errors the socket reported on its own, such as `ECONNREFUSED` after an ICMP message. */
  readonly receiveErrors: Record<string, number>
  /** Received datagrams larger than a slot. */
  oversized: number
}

export function createSocketStats(): SocketStats {
  return { receivedDatagrams: 0, sentDatagrams: 0, sendErrors: {}, receiveErrors: {}, oversized: 0 }
}

export function countError(counts: Record<string, number>, code: string, by: number): void {
  counts[code] = (counts[code] ?? 0) + by
}
