import { getSystemErrorName } from 'node:util'
import type { Address, DatagramBatch } from '@kaosnet/rudp'
import type { BatchAddon, NativeBatchSocket } from './batch-addon.ts'

/** Of a slot in a batch's headers; as in `native/batch-socket.c`. */
const HEADER_WORDS = 8
const ADDRESS_WORD = 4

/** One receives for all bots: room for what a server sends while the generator does something else. */
const RECEIVE_BUFFER_BYTES = 32 * 1024 * 1024
const SEND_BUFFER_BYTES = 8 * 1024 * 1024

/** A socket that many bots share. Each slot of a batch names one of them by its address. */
export interface BatchSocket {
  /** Something has arrived; called again and again until it is received. */
  onReadable: (() => void) | undefined
  /** Datagrams that this machine refused to send, and so lost. */
  readonly refused: number
  /** Datagrams that were lost because the receive buffer was full. */
  dropped(): number
  /**
   * Fills slots of a batch that is empty and stays so: lengths, addresses and bytes are in its memory. A length of 0 is a
   * datagram to be passed over.
   * @returns how many slots were filled
   */
  receive(batch: DatagramBatch): number
  /** Sends all of a batch, to the server. */
  send(batch: DatagramBatch): void
  /** Releases the socket. Idempotent. */
  close(): Promise<void>
}

/** The bot that a slot is from or for, by its address. */
export function addressOf(batch: DatagramBatch, slot: number): number {
  return batch.headers[slot * HEADER_WORDS + ADDRESS_WORD] as number
}

export function setAddress(batch: DatagramBatch, slot: number, address: number): void {
  batch.headers[slot * HEADER_WORDS + ADDRESS_WORD] = address
}

/** The socket of `native/batch-socket.c`. */
export class NativeSharedSocket implements BatchSocket {
  onReadable: (() => void) | undefined
  refused = 0
  readonly #socket: NativeBatchSocket
  #dropped = 0
  #closed: Promise<void> | undefined

  /** @throws Error when no socket can be had */
  constructor(addon: BatchAddon, server: Address) {
    const { ip, port } = server
    const onReadable = (): void => this.onReadable?.()
    const socket = addon.open(ip, port, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES, onReadable)
    if (typeof socket === 'number') throw new Error(`no socket for the bots: ${getSystemErrorName(socket)}`)
    this.#socket = socket
  }

  /** What the system has given. */
  get receiveBufferBytes(): number {
    return this.#socket.receiveBufferBytes()
  }

  dropped(): number {
    const dropped = this.#socket.dropped()
    // Closed, or a system that does not say: what was known stays.
    if (dropped >= 0) this.#dropped = dropped
    return this.#dropped
  }

  receive(batch: DatagramBatch): number {
    return Math.max(0, this.#socket.receive(batch.buffer, batch.headers))
  }

  send(batch: DatagramBatch): void {
    for (let slot = 0; slot < batch.count; ) {
      const sent = this.#socket.send(batch.buffer, batch.headers, slot, batch.count)
      if (sent <= 0) this.refused += 1
      slot += Math.max(sent, 1)
    }
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.dropped()
      this.#socket.close(resolve)
    })
    return this.#closed
  }
}
