import { parseConnect } from '../../handshake/connect-packet.ts'
import { parseCookie } from '../../handshake/hello-packet.ts'
import { longPacketType, PADDED_BYTES } from '../../handshake/long-header.ts'
import { parseDeny, parseVersions } from '../../handshake/refusal-packets.ts'
import type { FuzzTarget } from '../fuzz-target.ts'
import { mutate, randomBytes } from '../mutate.ts'

const OFFSET = 7

/** The parsers of long packets, on packets that begin well and go on as they like. */
export const handshakePackets: FuzzTarget = {
  name: 'handshake-packets',
  start(random) {
    const buffer = new Uint8Array(OFFSET + PADDED_BYTES + 100)
    const packet = buffer.subarray(OFFSET)
    return () => {
      let length = randomBytes(random, packet, random.chance(0.5) ? 64 : packet.length)
      packet.set([0xc0 + random.integer(7), 0x4b, 0x52, 0x50, 0x32])
      if (random.chance(0.5)) length = mutate(random, packet, length)
      longPacketType(buffer, OFFSET, length)
      parseCookie(buffer, OFFSET, length)
      parseDeny(buffer, OFFSET, length)
      parseVersions(buffer, OFFSET, length)
      const connect = parseConnect(buffer, OFFSET, length)
      if (connect !== undefined) {
        const { byteOffset, byteLength } = connect.proof
        if (byteOffset + byteLength > OFFSET + length) throw new Error('a field lies beyond the packet')
      }
    }
  },
}
