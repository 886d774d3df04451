import type { Random } from '../core/random.ts'
import type { CryptoProvider } from '../crypto/crypto-provider.ts'
import type { TokenKeys } from '../handshake/connect-token.ts'
import type { Address } from './address.ts'
import type { ConnectionTuning } from './connection-tuning.ts'
import type { EndpointLimits } from './endpoint-limits.ts'
import type { RudpConnection } from './rudp-connection.ts'

/** A client at the door, its token (if it has one) opened and its secret proved. */
export interface ConnectRequest {
  readonly remote: Address
  readonly userId: string | undefined
  readonly userData: Uint8Array
}

/** What a server endpoint is made of. Times are milliseconds. */
export interface ServerEndpointOptions extends ConnectionTuning {
  readonly crypto: CryptoProvider
  /** Key material and everything that must not be guessed. Default: the crypto provider's. */
  readonly random?: Random
  /** Monotonic time. */
  readonly clock: () => number
  /** Time since 1970, for tokens and tickets. */
  readonly wallClock: () => number
  /** Names the application and its version; a client with another name is refused. */
  readonly protocol: string
  /** X25519 private key, 32 bytes: lets in clients that know its public key. */
  readonly serverKey?: Uint8Array
  /** Lets in clients with a connect token sealed by one of these. */
  readonly tokenKeys?: TokenKeys
  /** No encryption and nobody is asked who they are. For tests and debugging on one machine. */
  readonly insecure?: boolean
  /** First byte of connection ids; with several servers on one host, tokens name the worker. Default 0. */
  readonly worker?: number
  /** The addresses tokens may name. Default: any, only the worker must fit. */
  readonly publicAddresses?: readonly Address[]
  readonly limits?: Partial<EndpointLimits>
  /** Told to clients; 0 when the application has no fixed rate. */
  readonly tickHz?: number
  /** The application's say, before any public-key work for the client: false refuses it. */
  readonly authorize?: (request: ConnectRequest) => boolean
  /** A client has proved to have the keys. Assign its handlers here. */
  readonly onConnection: (connection: RudpConnection) => void
  /** A callback of the application threw. */
  readonly onCallbackError: (error: unknown) => void
}
