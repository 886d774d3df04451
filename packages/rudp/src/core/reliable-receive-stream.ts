import { DELIVERY_MODES, RELIABLE_ORDERED } from './delivery-mode.ts'
import type { FrameReader } from './frame-reader.ts'
import { PartialMessage } from './partial-message.ts'
import type { ReceiveContext } from './receive-context.ts'
import { MESSAGE_WINDOW } from './reliable-send-stream.ts'

const FIRST_CAPACITY = 16

/** Marks a message delivered before older ones (reliable-unordered). */
const DELIVERED = 'delivered'

type Slot = Uint8Array | PartialMessage | typeof DELIVERED | undefined

/**
 * The incoming reliable messages of one channel and mode: each is delivered once, at its turn or at once. What
 * arrives in order and whole passes through without a copy.
 */
export class ReliableReceiveStream {
  readonly #channel: number
  readonly #mode: number
  readonly #isOrdered: boolean
  readonly #context: ReceiveContext
  /** The lowest sequence number not yet delivered. */
  #next = 0
  /** What has arrived from `#next` on, at its sequence number modulo the ring's size. */
  #slots: Slot[] = []
  /** Slots in use. */
  #used = 0
  #waiting = 0

  constructor(channel: number, mode: number, context: ReceiveContext) {
    this.#channel = channel
    this.#mode = mode
    this.#isOrdered = mode === RELIABLE_ORDERED
    this.#context = context
  }

  /** Takes a MESSAGE frame. @returns false: the peer broke the rules */
  onFrame(frame: FrameReader): boolean {
    const ahead = (frame.sequence - this.#next) & 0xffff
    if (ahead >= MESSAGE_WINDOW) {
      this.#context.drops.count('duplicate-message')
      return ahead >= 0x10000 - MESSAGE_WINDOW
    }
    if (frame.fragmentCount > 1) return this.#onFragment(frame, ahead)
    if (this.#slotAt(ahead) !== undefined) {
      this.#context.drops.count('duplicate-message')
      return !(this.#slotAt(ahead) instanceof PartialMessage)
    }
    if (ahead === 0) return this.#deliverNext(frame.buffer, frame.dataOffset, frame.dataLength)
    if (!this.#isOrdered) {
      this.#setSlot(ahead, DELIVERED)
      return this.#deliver(frame.buffer, frame.dataOffset, frame.dataLength)
    }
    if (!this.#context.credit.buffer(this.#channel, frame.dataLength)) return false
    this.#setSlot(ahead, frame.buffer.slice(frame.dataOffset, frame.dataOffset + frame.dataLength))
    this.#noteWaiting()
    return true
  }

  #onFragment(frame: FrameReader, ahead: number): boolean {
    const { credit, drops } = this.#context
    let partial = this.#slotAt(ahead)
    if (partial === undefined) {
      if (this.#context.reliablePartials >= this.#context.limits.maxPartialMessages) return false
      this.#context.reliablePartials++
      partial = new PartialMessage(frame.fragmentCount)
      this.#setSlot(ahead, partial)
    }
    if (!(partial instanceof PartialMessage) || partial.has(frame.fragmentIndex)) {
      drops.count('duplicate-message')
      return true
    }
    if (partial.fragmentCount !== frame.fragmentCount) return false
    if (!credit.buffer(this.#channel, frame.dataLength)) return false
    partial.add(frame.fragmentIndex, frame.buffer, frame.dataOffset, frame.dataLength)
    return !partial.isComplete || this.#onComplete(partial, ahead)
  }

  #onComplete(partial: PartialMessage, ahead: number): boolean {
    const { credit, limits } = this.#context
    this.#context.reliablePartials--
    if (partial.bytes > limits.maxMessageBytes) return false
    const message = partial.join()
    if (this.#isOrdered && ahead > 0) {
      this.#setSlot(ahead, message)
      this.#noteWaiting()
      return true
    }
    credit.unbuffer(this.#channel, message.length)
    if (ahead === 0) return this.#deliverNext(message, 0, message.length)
    this.#setSlot(ahead, DELIVERED)
    return this.#deliver(message, 0, message.length)
  }

  /** Delivers the message whose turn it is, and those that waited for it. */
  #deliverNext(buffer: Uint8Array, offset: number, length: number): boolean {
    this.#advance()
    if (!this.#deliver(buffer, offset, length)) return false
    while (this.#used > 0 && this.#context.mayDeliver()) {
      const slot = this.#slotAt(0)
      if (slot === undefined || slot instanceof PartialMessage) return true
      this.#advance()
      if (slot === DELIVERED) continue
      this.#waiting--
      this.#context.credit.unbuffer(this.#channel, slot.length)
      if (!this.#deliver(slot, 0, slot.length)) return false
    }
    return true
  }

  #deliver(buffer: Uint8Array, offset: number, length: number): boolean {
    if (!this.#context.credit.deliver(this.#channel, length)) return false
    this.#context.deliver(this.#channel, DELIVERY_MODES[this.#mode]!, buffer, offset, length)
    return true
  }

  #noteWaiting(): void {
    this.#waiting++
    this.#context.reorderDepth = Math.max(this.#context.reorderDepth, this.#waiting)
  }

  #advance(): void {
    if (this.#slotAt(0) !== undefined) this.#setSlot(0, undefined)
    this.#next = (this.#next + 1) & 0xffff
  }

  #slotAt(ahead: number): Slot {
    return ahead < this.#slots.length ? this.#slots[(this.#next + ahead) % this.#slots.length] : undefined
  }

  #setSlot(ahead: number, slot: Slot): void {
    if (ahead >= this.#slots.length) this.#grow(ahead)
    const index = (this.#next + ahead) % this.#slots.length
    if (this.#slots[index] === undefined) this.#used++
    if (slot === undefined) this.#used--
    this.#slots[index] = slot
  }

  /** The ring's size is a power of two, so that 16-bit sequence numbers wrap without a seam. */
  #grow(ahead: number): void {
    let capacity = Math.max(FIRST_CAPACITY, this.#slots.length)
    while (capacity <= ahead) capacity *= 2
    const grown = new Array<Slot>(capacity)
    for (let index = 0; index < this.#slots.length; index++) {
      grown[(this.#next + index) % capacity] = this.#slotAt(index)
    }
    this.#slots = grown
  }
}
