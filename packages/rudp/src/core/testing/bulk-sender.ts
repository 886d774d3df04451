import type { DeliveryMode } from '../delivery-mode.ts'
import type { SimulatedPeer } from './simulated-peer.ts'

/** Keeps a peer's send queue full: a download that never ends. Call `fill` at first and from `onWritable`. */
export class BulkSender {
  readonly #peer: () => SimulatedPeer
  readonly #channel: number
  readonly #mode: DeliveryMode
  readonly #message: Uint8Array
  isStopped = false

  constructor(peer: () => SimulatedPeer, channel: number, mode: DeliveryMode, messageBytes: number) {
    this.#peer = peer
    this.#channel = channel
    this.#mode = mode
    this.#message = new Uint8Array(messageBytes)
  }

  fill(): void {
    const peer = this.#peer()
    while (!this.isStopped && peer.send(this.#channel, this.#mode, this.#message) === 'queued') {
      // Until the queue is full.
    }
  }
}
