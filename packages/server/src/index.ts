export type { Clock, TimerHandle } from './clock.ts'
export { systemClock } from './clock.ts'
export {
  ConfigError,
  type ConfigField,
  type ConfigSources,
  describeConfig,
  resolveConfig,
  type ServerConfig,
  type ServerConfigInput,
} from './config.ts'
export { PortInUseError } from './errors.ts'
export { createLogger, type Logger } from './observe/logger.ts'
export type {
  Connection,
  ConnectionHandler,
  Delivery,
  Lane,
  Transport,
  TransportName,
} from './peer/transport.ts'
export type { Random } from './random.ts'
export * from './script/typescript/index.ts'
export { createServer, KaosServer, type ServerParts, type StopOptions } from './server.ts'
