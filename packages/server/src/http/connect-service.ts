import { KaosError } from '@kaosnet/protocol'
import { ConnectTokenIssuer, formatConnectToken } from '@kaosnet/rudp'
import type { Clock } from '../clock.ts'
import type { Metrics } from '../observe/metrics.ts'
import { ConnectionRate } from '../peer/connection-rate.ts'
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
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'limitHit'>
  /** How often one address may ask; 0 = not limited. */
  readonly perSecondPerAddress: number
  readonly websocketPath: string
  /** What clients reach the server by; without it, the address their request came in at. */
  readonly publicAddress: string | undefined
  /** 0 = UDP is off. */
  readonly udpPort: () => number
}

export interface ConnectEnds {
  /** The address the request came in at. */
  readonly localAddress: string
  readonly clientAddress: string
}

/** Tells a client how to connect, and gives it the connect token that kaos-rudp asks for. */
export class ConnectService {
  readonly #options: ConnectServiceOptions
  readonly #issuer: ConnectTokenIssuer
  /** Apart from that of connections, or a client over UDP would count twice. */
  readonly #rate: ConnectionRate

  constructor(options: ConnectServiceOptions) {
    const { clock, keys, perSecondPerAddress } = options
    const wallClock = (): number => clock.unixMs()
    this.#options = options
    this.#issuer = new ConnectTokenIssuer({ crypto: keys.crypto, keys: keys.tokenKeys, wallClock })
    this.#rate = new ConnectionRate({ perSecond: perSecondPerAddress })
  }

  /**
   * @param body The request's JSON: `{ token? }`, the same token that SessionStart will carry.
   * @throws {KaosError} INVALID_PAYLOAD, RATE_LIMITED, AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED
   */
  async connect({ clientAddress, localAddress }: ConnectEnds, body: unknown): Promise<ConnectAnswer> {
    const { authenticator, clock, keys, metrics, perSecondPerAddress } = this.#options
    const { publicAddress, udpPort, websocketPath } = this.#options
    if (!this.#rate.admits(clientAddress, clock.nowMs())) {
      metrics.limitHit('connectionsPerSecondPerAddress')
      throw new KaosError('RATE_LIMITED', `one address asks at most ${perSecondPerAddress} times a second`)
    }
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
