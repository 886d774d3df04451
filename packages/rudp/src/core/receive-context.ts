import type { DeliveryMode } from './delivery-mode.ts'
import type { DropCounters } from './drop-counters.ts'
import type { ConnectionLimits } from './limits.ts'
import type { ReceiveCredit } from './receive-credit.ts'

/** What the receiving streams of one connection share. */
export interface ReceiveContext {
  readonly limits: ConnectionLimits
  readonly credit: ReceiveCredit
  readonly drops: DropCounters
  /** Reliable messages of which some fragments have arrived, over all channels. */
  reliablePartials: number
  /** Greatest number of messages that waited at once for an earlier one on one channel. */
  reorderDepth: number
  /** False once the connection was closed, perhaps by the handler of the message before. */
  mayDeliver(): boolean
  deliver(channel: number, mode: DeliveryMode, buffer: Uint8Array, offset: number, length: number): void
}
