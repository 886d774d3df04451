import type { ServerPayload } from '@kaosnet/protocol'
import type { TransportKind } from './transport.ts'

/** Who this client is to the server, from the start of a session to its end. */
export interface Session {
  /** 64 bits as 16 lower-case hex digits. */
  readonly sessionId: string
  /** Of the account behind the token; an anonymous session has one made by the server. */
  readonly userId: string
  readonly username: string
  /** False for an anonymous session. */
  readonly isAuthenticated: boolean
  readonly vars: Readonly<Record<string, string>>
  /** The version of the protocol that both sides speak. */
  readonly protocolVersion: number
  /** What carries it. */
  readonly transport: TransportKind
}

export function sessionFromWire(wire: ServerPayload<'SessionStart'>, transport: TransportKind): Session {
  return {
    sessionId: wire.session,
    userId: wire.user_id,
    username: wire.username,
    isAuthenticated: wire.is_authenticated,
    vars: wire.vars,
    protocolVersion: wire.version,
    transport,
  }
}
