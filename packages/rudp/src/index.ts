export type { ChannelOptions } from './core/channel-options.ts'
export { CloseCode, type CloseInfo, MAX_CLOSE_REASON_BYTES } from './core/close-code.ts'
export { Connection } from './core/connection.ts'
export type {
  ConnectionHandler,
  ConnectionOptions,
  ConnectionState,
  KeyUpdateOptions,
  LivenessOptions,
  PathId,
  SendResult,
} from './core/connection-options.ts'
export { type ConnectionStats, DROP_REASONS, type DropReason } from './core/connection-stats.ts'
export { DELIVERY_MODES, type DeliveryMode } from './core/delivery-mode.ts'
export type { ConnectionEventRecord, EventRing } from './core/event-ring.ts'
export { CLIENT_LIMITS, type ConnectionLimits, MAX_CHANNELS, SERVER_LIMITS } from './core/limits.ts'
export type { PacketProtection } from './core/packet-protection.ts'
export type { Random } from './core/random.ts'
export type { CryptoProvider, SecureRandom } from './crypto/crypto-provider.ts'
export { createDefaultProvider } from './crypto/default-provider.ts'
export { createNodeProvider } from './crypto/node-provider.ts'
export { generateServerKey, type ServerKey, serverPublicKey } from './crypto/server-key.ts'
export { createSodiumProvider } from './crypto/sodium-provider.ts'
export type { RudpClientConnection, ServerTerms } from './driver/client-connection.ts'
export { type ConnectOptions, connectRudp, type ServerAddress } from './driver/connect-rudp.ts'
export type { DatagramSocket } from './driver/datagram-socket.ts'
export type { Logger } from './driver/logger.ts'
export { type DriverChoice, openDatagramSocket } from './driver/open-datagram-socket.ts'
export { RudpServer, type RudpServerOptions } from './driver/rudp-server.ts'
export type { SocketOptions } from './driver/socket-options.ts'
export type { SocketStats } from './driver/socket-stats.ts'
export type { Address } from './endpoint/address.ts'
export { ClientEndpoint, type ClientEndpointOptions } from './endpoint/client-endpoint.ts'
export type { ConnectionTuning } from './endpoint/connection-tuning.ts'
export { DatagramBatch, SLOT_BYTES } from './endpoint/datagram-batch.ts'
export type { Endpoint } from './endpoint/endpoint.ts'
export { DEFAULT_ENDPOINT_LIMITS, type EndpointLimits } from './endpoint/endpoint-limits.ts'
export {
  ENDPOINT_DROP_REASONS,
  type EndpointDropReason,
  type EndpointStats,
} from './endpoint/endpoint-stats.ts'
export type { RudpConnection } from './endpoint/rudp-connection.ts'
export { ServerEndpoint } from './endpoint/server-endpoint.ts'
export type { ConnectRequest, ServerEndpointOptions } from './endpoint/server-options.ts'
export type { Credentials, HandshakeOutcome } from './handshake/client-handshake.ts'
export { ConnectTokenIssuer, type TokenKeys, type TokenRequest } from './handshake/connect-token.ts'
export {
  type ConnectToken,
  MAX_TOKEN_LIFE_MS,
  MAX_USER_DATA_BYTES,
  MAX_USER_ID_BYTES,
  type TokenAddress,
  type TokenLimits,
} from './handshake/connect-token-fields.ts'
export { formatConnectToken, parseConnectToken } from './handshake/connect-token-text.ts'
export { DEFAULT_PROTOCOL, protocolIdOf } from './handshake/protocol-id.ts'
export { DenyCode, type DenyReason } from './handshake/refusal-packets.ts'
export { RudpError, type RudpErrorCode } from './rudp-error.ts'
