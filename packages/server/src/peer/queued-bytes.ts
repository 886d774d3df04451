import type { QueueClass } from './transport.ts'

/** Bytes that wait, by class. */
export class QueuedBytes {
  control = 0
  reliable = 0
  unreliable = 0

  add(queueClass: QueueClass, sizeBytes: number): void {
    if (queueClass === 'reliable') this.reliable += sizeBytes
    else if (queueClass === 'unreliable') this.unreliable += sizeBytes
    else this.control += sizeBytes
  }

  of(queueClass: QueueClass): number {
    if (queueClass === 'reliable') return this.reliable
    return queueClass === 'unreliable' ? this.unreliable : this.control
  }

  clear(): void {
    this.control = 0
    this.reliable = 0
    this.unreliable = 0
  }
}
