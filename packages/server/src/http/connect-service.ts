import { KaosError } from '@kaosnet/protocol'
import { ConnectTokenIssuer, formatConnectToken } from '@kaosnet/rudp'
import type { UdpKeys } from '../peer/udp-keys.ts'
import type { Authenticator } from '../session/authenticator.ts'

/** The JSON answer of `POST /v1/connect` (`docs/protocol.md#connect`). */
export interface ConnectAnswer {
  readonly websocket: { readonly path: string }
  /** Absent when the server does not listen on UDP. */
  readonly udp?: {
    readonly host: string
    readonly port: number
    /** X25519 public key, base64url: for clients that pin it instead of using the token. */
    readonly server_key: string
    /** For kaos-rudp: single use, good for a minute, bound to this server. A secret. */
    readonly connect_token: string
    readonly expires_ms: number
  }
}

export interface ConnectServiceOptions {
  readonly authenticator: Authenticator
  readonly keys: UdpKeys
  readonly wallClock: () => number
  readonly websocketPath: string
  /** What clients reach the server by; without it, the address their request came in at. */
  readonly publicAddress: string | undefined
  /** 0 = UDP is off. */
  readonly udpPort: () => number
}

/** Tells a client how to connect, and gives it the connect token that kaos-rudp asks for. */
export class ConnectService {
  readonly #options: ConnectServiceOptions
  readonly #issuer: ConnectTokenIssuer

  constructor(options: ConnectServiceOptions) {
    const { keys, wallClock } = options
    this.#options = options
    this.#issuer = new ConnectTokenIssuer({ crypto: keys.crypto, keys: keys.tokenKeys, wallClock })
  }

  /**
   * @param localAddress The address the request came in at.
   * @param body The request's JSON: `{ token? }`, the same token that SessionStart will carry.
   * @throws {KaosError} INVALID_PAYLOAD, AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED
   */
  async connect(localAddress: string, body: unknown): Promise<ConnectAnswer> {
    const { authenticator, keys, publicAddress, udpPort, websocketPath } = this.#options
    const identity = await authenticator.authenticate({ token: tokenOf(body) })
    const websocket = { path: websocketPath }
    const port = udpPort()
    if (port === 0) return { websocket }
    const ip = publicAddress ?? withoutMapping(localAddress)
    const token = this.#issuer.issue({ userId: identity.userId, addresses: [{ ip, port, worker: 0 }] })
    return {
      websocket,
      udp: {
        host: ip,
        port,
        server_key: Buffer.from(keys.publicKey).toString('base64url'),
        connect_token: formatConnectToken(token),
        expires_ms: token.expiresAtMs,
      },
    }
  }
}

function tokenOf(body: unknown): string | undefined {
  if (body === undefined || body === null || body === '') return undefined
  const token = typeof body === 'object' ? (body as { token?: unknown }).token : body
  if (token === undefined || (typeof body === 'object' && typeof token === 'string')) return token
  throw new KaosError('INVALID_PAYLOAD', 'the body is a JSON object { "token": string } or empty')
}

/** `::ffff:10.0.0.1` (RFC 4291 §2.5.5.2) is 10.0.0.1. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}
