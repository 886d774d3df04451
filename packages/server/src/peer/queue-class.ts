import { Op } from '@kaosnet/protocol'
import type { Delivery, QueueClass } from './transport.ts'

/** The class of a frame: what a room sends as data or as its state is the room's, the rest is the session's own. */
export function queueClassOf(op: number, delivery: Delivery): QueueClass {
  if (delivery === 'unreliable') return 'unreliable'
  return op === Op.RoomData || op === Op.RoomState ? 'reliable' : 'control'
}
