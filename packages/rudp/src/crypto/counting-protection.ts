import type { PacketProtection } from '../core/packet-protection.ts'

/** Packet protection that tells its owner whether a datagram just handled was authentic. */
export interface CountingProtection extends PacketProtection {
  /** Packets that `open` has found authentic so far. */
  readonly openedCount: number
}
