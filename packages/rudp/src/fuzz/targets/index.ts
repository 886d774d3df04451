import type { FuzzTarget } from '../fuzz-target.ts'
import { connectionAcks } from './connection-acks.ts'
import { connectionDecrypted } from './connection-decrypted.ts'
import { connectionMessages } from './connection-messages.ts'
import { connectionRaw } from './connection-raw.ts'
import { frames } from './frames.ts'
import { handshakeClient } from './handshake-client.ts'
import { handshakePackets } from './handshake-packets.ts'
import { handshakeServer } from './handshake-server.ts'
import { handshakeToken } from './handshake-token.ts'

/** Every parser that takes bytes from strangers. A new one is added here. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  frames,
  connectionRaw,
  connectionDecrypted,
  connectionAcks,
  connectionMessages,
  handshakePackets,
  handshakeToken,
  handshakeServer,
  handshakeClient,
]
