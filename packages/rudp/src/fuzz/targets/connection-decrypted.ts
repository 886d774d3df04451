import type { FuzzTarget } from '../fuzz-target.ts'
import { mutate, randomBytes } from '../mutate.ts'
import { ConnectionHarness } from './connection-harness.ts'
import { writeRandomFrame } from './random-frames.ts'

const ROOM_BYTES = 1450

/** What a peer with keys can send: anything between random bytes and frames that are all but right. */
export const connectionDecrypted: FuzzTarget = {
  name: 'connection-decrypted',
  start(random) {
    const harness = new ConnectionHarness(random)
    return () => {
      const start = harness.beginPacket()
      const frames = harness.datagram.subarray(start, ROOM_BYTES)
      let length = 0
      if (random.chance(0.1)) {
        length = randomBytes(random, frames, 100)
      } else {
        for (let count = 1 + random.integer(3); count > 0 && length < 200; count--) {
          length = writeRandomFrame(random, frames, length)
        }
        if (random.chance(0.2)) length = mutate(random, frames, length)
      }
      harness.deliver(start + Math.max(1, Math.min(length, frames.length - 16)))
    }
  },
}
