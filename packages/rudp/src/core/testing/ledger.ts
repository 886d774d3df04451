import { DELIVERY_MODES, type DeliveryMode } from '../delivery-mode.ts'
import { MAX_CHANNELS } from '../limits.ts'
import { numberedMessage, numberOf } from './numbered-message.ts'
import type { SimulatedPeer } from './simulated-peer.ts'

interface Entry {
  readonly number: number
  readonly channel: number
  readonly mode: DeliveryMode
}

/** What was sent in one direction and what arrived of it, and whether the delivery modes kept their word. */
export class Ledger {
  readonly #sent: Entry[] = []
  readonly #received: Entry[] = []

  get sentCount(): number {
    return this.#sent.length
  }

  get receivedCount(): number {
    return this.#received.length
  }

  /** Sends a message and notes it, unless it was refused. */
  send(peer: SimulatedPeer, channel: number, mode: DeliveryMode, sizeBytes: number): void {
    const number = this.#sent.length
    const result = peer.send(channel, mode, numberedMessage(number, sizeBytes))
    if (result === 'queued' || result === 'superseded') this.#sent.push({ number, channel, mode })
  }

  /** @throws Error when the message is not one that was sent like this */
  receive(channel: number, mode: DeliveryMode, data: Uint8Array): void {
    const number = numberOf(data)
    const sent = this.#sent[number]
    if (sent?.channel !== channel || sent.mode !== mode) {
      throw new Error(
        `message ${number} came on channel ${channel} as ${mode}, but was sent as ${JSON.stringify(sent)}`,
      )
    }
    this.#received.push(sent)
  }

  /**
   * Checks everything that arrived: nothing twice, in order where promised, and, if all has had time to arrive,
   * everything reliable.
   * @throws Error that names the first message that is wrong
   */
  check(isComplete: boolean): void {
    if (new Set(this.#received).size !== this.#received.length)
      throw new Error('something was delivered twice')
    for (let channel = 0; channel < MAX_CHANNELS; channel++) {
      for (const mode of DELIVERY_MODES) this.#checkStream(channel, mode, isComplete)
    }
  }

  #checkStream(channel: number, mode: DeliveryMode, isComplete: boolean): void {
    const sent = numbersOf(this.#sent, channel, mode)
    const received = numbersOf(this.#received, channel, mode)
    const isInOrder = mode === 'reliable-ordered' || mode === 'unreliable-sequenced'
    received.forEach((number, index) => {
      const before = received[index - 1] ?? -1
      if (isInOrder && number < before) throw new Error(`${mode}: ${number} came after ${before}`)
      if (mode === 'reliable-ordered' && number !== sent[index]) {
        throw new Error(`${mode}: ${number} came where ${sent[index]} was due`)
      }
    })
    const isReliable = mode === 'reliable-ordered' || mode === 'reliable-unordered'
    if (isComplete && isReliable && received.length !== sent.length) {
      throw new Error(`channel ${channel}, ${mode}: ${received.length} of ${sent.length} arrived`)
    }
  }
}

function numbersOf(entries: readonly Entry[], channel: number, mode: DeliveryMode): number[] {
  return entries
    .filter((entry) => entry.channel === channel && entry.mode === mode)
    .map(({ number }) => number)
}
