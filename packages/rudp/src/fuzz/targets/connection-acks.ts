import { writePing } from '../../core/frame-writer.ts'
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
      const { packetsSent } = harness
      // Few lies are so plain that they end the connection, or none would live long.
      if (packetsSent === 0) return harness.deliver(writePing(harness.datagram, start))
      const largest = random.chance(0.005)
        ? packetsSent + 3
        : Math.max(0, packetsSent - 1 - random.integer(50))
      harness.deliver(writeRandomAck(random, harness.datagram, start, largest))
    }
  },
}
