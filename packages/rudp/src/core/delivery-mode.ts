/**
 * How a message is delivered, chosen per message:
 * - `reliable-ordered`: once, in the order sent on this channel;
 * - `reliable-unordered`: once, as soon as it is complete;
 * - `unreliable-sequenced`: at most once, never after a newer one; an unsent older one is superseded;
 * - `unreliable`: at most once, in any order.
 */
export type DeliveryMode = 'reliable-ordered' | 'reliable-unordered' | 'unreliable-sequenced' | 'unreliable'

/** The delivery modes by their number on the wire (the MM bits of a MESSAGE frame). */
export const DELIVERY_MODES: readonly DeliveryMode[] = [
  'reliable-ordered',
  'reliable-unordered',
  'unreliable-sequenced',
  'unreliable',
]

export const RELIABLE_ORDERED = 0
export const RELIABLE_UNORDERED = 1
export const UNRELIABLE_SEQUENCED = 2
export const UNRELIABLE = 3

/** The wire number of a delivery mode. */
export function deliveryModeNumber(mode: DeliveryMode): number {
  switch (mode) {
    case 'reliable-ordered':
      return RELIABLE_ORDERED
    case 'reliable-unordered':
      return RELIABLE_UNORDERED
    case 'unreliable-sequenced':
      return UNRELIABLE_SEQUENCED
    case 'unreliable':
      return UNRELIABLE
    default:
      return unknownMode(mode)
  }
}

function unknownMode(mode: never): never {
  throw new TypeError(`unknown delivery mode: ${String(mode)}`)
}
