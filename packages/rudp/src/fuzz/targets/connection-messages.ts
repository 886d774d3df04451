import type { FuzzTarget } from '../fuzz-target.ts'
import { ConnectionHarness } from './connection-harness.ts'
import { writeRandomMessage } from './random-frames.ts'

/** A peer with keys that sends messages of valid form in senseless order: out of window, in parts, over credit. */
export const connectionMessages: FuzzTarget = {
  name: 'connection-messages',
  start(random) {
    const harness = new ConnectionHarness(random)
    return () => {
      harness.deliver(writeRandomMessage(random, harness.datagram, harness.beginPacket()))
    }
  },
}
