import type { FuzzTarget } from '../fuzz-target.ts'
import { ConnectionHarness } from './connection-harness.ts'
import { writeRandomAck } from './random-frames.ts'

/** A peer with keys that lies in its ACKs: about packets sent, lost, skipped and never sent. */
export const connectionAcks: FuzzTarget = {
  name: 'connection-acks',
  start(random) {
    const harness = new ConnectionHarness(random)
    return () => {
      const start = harness.beginPacket()
      const largest = Math.max(0, harness.packetsSent + (random.chance(0.95) ? -1 - random.integer(50) : 3))
      harness.deliver(writeRandomAck(random, harness.datagram, start, largest))
    }
  },
}
