import { lookup } from 'node:dns/promises'
import { isIP, isIPv6 } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Random } from '../core/random.ts'
import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import type { Address } from '../endpoint/address.ts'
import type { ConnectionTuning } from '../endpoint/connection-tuning.ts'
import type { Credentials } from '../handshake/client-handshake.ts'
import type { ConnectToken } from '../handshake/connect-token-fields.ts'
import { parseConnectToken } from '../handshake/connect-token-text.ts'
import { DEFAULT_PROTOCOL, protocolIdOf } from '../handshake/protocol-id.ts'
import { RudpError } from '../rudp-error.ts'
import type { RudpClientConnection } from './client-connection.ts'
import { ClientLink } from './client-link.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { consoleLogger, type Logger } from './logger.ts'
import { isLoopback } from './loopback.ts'
import { type DriverChoice, openDatagramSocket } from './open-datagram-socket.ts'

const DEFAULT_TIMEOUT_MS = 10_000
const BUFFER_BYTES = 1024 * 1024
const BATCH_SIZE = 16

/** Where a server is; `host` may be a name. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** Options of {@link connectRudp}. One of `token`, `serverPublicKey` and `insecure` is needed. */
export interface ConnectOptions extends ConnectionTuning {
  /** Tried in order, each with its share of the time. Default: the token's. */
  readonly addresses?: readonly ServerAddress[]
  /** From the login, as an object or as text. */
  readonly token?: ConnectToken | string
  /** The server's X25519 public key, 32 bytes. */
  readonly serverPublicKey?: Uint8Array
  /** No encryption; loopback only. */
  readonly insecure?: boolean
  /** Must be the server's. Default `kaosnet`. A token brings its own. */
  readonly protocol?: string
  /** From an earlier connection to this server. */
  readonly resumeTicket?: Uint8Array
  /** For all addresses together. Default 10 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly crypto?: CryptoProvider
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly clock?: () => number
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: () => number
  readonly random?: Random
  readonly logger?: Logger
  /** What moves the datagrams. Default `auto`: native code where it was built on install, otherwise `node:dgram`. */
  readonly driver?: DriverChoice
  /** Opens a socket towards one address, instead of a driver of ours. */
  readonly openSocket?: (peer: Address) => Promise<DatagramSocket>
}

/**
 * Connects to a server.
 *
 * @example
 * const connection = await connectRudp({ addresses: [{ host: '127.0.0.1', port: 7350 }], serverPublicKey })
 * connection.onMessage = (channel, mode, data) => console.log(channel, mode, data)
 * connection.send(0, 'reliable-ordered', new TextEncoder().encode('hello'))
 *
 * @throws RudpError `CONNECT_TIMEOUT`, `CONNECT_ABORTED`, `UNREACHABLE`, `DENIED`, `VERSION_UNSUPPORTED`,
 * `TOKEN_EXPIRED`, `INSECURE_NOT_LOOPBACK`, `OPTIONS_INVALID` or `SOCKET_FAILED`; with several addresses, the last
 * one's error
 */
export async function connectRudp(options: ConnectOptions): Promise<RudpClientConnection> {
  const crypto = options.crypto ?? createDefaultProvider()
  const clock = options.clock ?? (() => performance.now())
  const token = typeof options.token === 'string' ? parseConnectToken(options.token) : options.token
  const credentials = credentialsOf(options, token)
  if (token !== undefined && token.expiresAtMs <= (options.wallClock ?? Date.now)()) {
    throw new RudpError('TOKEN_EXPIRED', 'The connect token has expired; log in again')
  }
  const addresses = await resolveAddresses(
    options.addresses ?? token?.addresses.map(({ ip, port }) => ({ host: ip, port })) ?? [],
  )
  if (options.insecure === true && !addresses.every(({ ip }) => isLoopback(ip))) {
    throw new RudpError('INSECURE_NOT_LOOPBACK', 'Insecure mode connects to loopback addresses only')
  }
  const logger = options.logger ?? consoleLogger
  const timeoutMs = (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) / addresses.length
  let failure: unknown
  for (const remote of addresses) {
    try {
      return await ClientLink.connect({
        ...options,
        crypto,
        clock,
        credentials,
        protocolId: token?.protocolId ?? protocolIdOf(crypto, options.protocol ?? DEFAULT_PROTOCOL),
        remote,
        timeoutMs,
        signal: options.signal,
        ...(options.resumeTicket && { ticket: options.resumeTicket }),
        openSocket: options.openSocket ?? ((peer) => openSocket(peer, options.driver)),
        onCallbackError: (error) => logger.error({ err: error }, 'a transport callback failed'),
      })
    } catch (error) {
      failure = error
      // The same words would be said to every address of the same server.
      if (error instanceof RudpError && error.code !== 'CONNECT_TIMEOUT' && error.code !== 'UNREACHABLE')
        break
    }
  }
  throw failure
}

function credentialsOf(options: ConnectOptions, token: ConnectToken | undefined): Credentials {
  if (options.token !== undefined && token === undefined) {
    throw new RudpError('OPTIONS_INVALID', 'The connect token cannot be read')
  }
  if (token !== undefined) return { kind: 'token', token }
  if (options.insecure === true) return { kind: 'none' }
  if (options.serverPublicKey !== undefined) {
    if (options.serverPublicKey.length !== 32) {
      throw new RudpError('OPTIONS_INVALID', 'serverPublicKey must have 32 bytes')
    }
    return { kind: 'pinned', serverPublicKey: options.serverPublicKey }
  }
  throw new RudpError('OPTIONS_INVALID', 'Connecting needs a token, a server key, or insecure mode')
}

async function resolveAddresses(addresses: readonly ServerAddress[]): Promise<readonly Address[]> {
  if (addresses.length === 0) throw new RudpError('OPTIONS_INVALID', 'No server address was given')
  try {
    return await Promise.all(
      addresses.map(async ({ host, port }) => ({
        ip: isIP(host) === 0 ? (await lookup(host)).address : host,
        port,
      })),
    )
  } catch (error) {
    throw new RudpError('SOCKET_FAILED', 'A server name could not be resolved', { cause: error })
  }
}

async function openSocket(peer: Address, driver: DriverChoice | undefined): Promise<DatagramSocket> {
  const options = {
    host: isIPv6(peer.ip) ? '::' : '0.0.0.0',
    port: 0,
    peer,
    receiveBufferBytes: BUFFER_BYTES,
    sendBufferBytes: BUFFER_BYTES,
    batchSize: BATCH_SIZE,
  }
  try {
    return await openDatagramSocket(options, driver)
  } catch (error) {
    throw new RudpError('SOCKET_FAILED', `No socket towards ${peer.ip}:${peer.port}: ${String(error)}`, {
      cause: error,
    })
  }
}
