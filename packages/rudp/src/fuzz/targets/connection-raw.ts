import type { FuzzTarget } from '../fuzz-target.ts'
import { mutate, randomBytes } from '../mutate.ts'
import { ConnectionHarness } from './connection-harness.ts'

/** Datagrams of people without keys, to a connection: random bytes, many of which look like packets. */
export const connectionRaw: FuzzTarget = {
  name: 'connection-raw',
  start(random) {
    const harness = new ConnectionHarness(random)
    return () => {
      let length = randomBytes(random, harness.datagram, 200)
      if (random.chance(0.7)) harness.datagram[0] = 0x42
      if (random.chance(0.3)) length = mutate(random, harness.datagram, length)
      harness.deliverRaw(length)
    }
  },
}
