import { FrameReader } from './frame-reader.ts'
import { PacketWriter } from './packet-writer.ts'

/**
 * What taking one packet apart and building one needs, and no longer than that. Connections of one endpoint share it, so that
 * it is always in the cache: none of them handles or builds a packet while another does.
 */
export class PacketScratch {
  readonly reader = new FrameReader()
  readonly writer = new PacketWriter()
}
