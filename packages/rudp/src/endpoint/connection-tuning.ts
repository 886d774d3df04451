import type { ChannelOptions } from '../core/channel-options.ts'
import type { ConnectionOptions } from '../core/connection-options.ts'
import type { ConnectionLimits } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { PlainPacketProtection } from '../crypto/plain-packet-protection.ts'
import { CONNECTION_ID_BYTES } from '../handshake/accept-packet.ts'
import type { TokenLimits } from '../handshake/connect-token-fields.ts'
import { type ConnectionOwner, LiveConnection } from './live-connection.ts'

export const DEFAULT_IDLE_TIMEOUT_MS = 15_000

/** What connections of either side can be tuned by. */
export interface ConnectionTuning {
  /** Bounds of each connection. On a server they also tell the client what it may send. */
  readonly connectionLimits?: Partial<ConnectionLimits>
  /** By channel number; channels not listed take the defaults. */
  readonly channels?: readonly ChannelOptions[]
  readonly congestion?: NonNullable<ConnectionOptions['congestion']>
  readonly mtu?: NonNullable<ConnectionOptions['mtu']>
  readonly liveness?: NonNullable<ConnectionOptions['liveness']>
  readonly keyUpdate?: NonNullable<ConnectionOptions['keyUpdate']>
  /** Events each connection remembers, a power of two; 0 = none. Default 512 (client), 64 (server). */
  readonly eventCapacity?: number
  /** Whether `send` alone makes data go out at the end of the event-loop turn. Default true. */
  readonly autoFlush?: boolean
}

type TuningKey = 'channels' | 'congestion' | 'mtu' | 'liveness' | 'keyUpdate' | 'eventCapacity'

/** The part of the tuning that goes to the core as it is. */
export function coreTuning(tuning: ConnectionTuning): Pick<ConnectionOptions, TuningKey> {
  const { channels, congestion, mtu, liveness, keyUpdate, eventCapacity } = tuning
  return {
    ...(channels && { channels }),
    ...(congestion && { congestion }),
    ...(mtu && { mtu }),
    ...(keyUpdate && { keyUpdate }),
    ...(eventCapacity !== undefined && { eventCapacity }),
    liveness: { ...liveness, idleTimeoutMs: liveness?.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS },
  }
}

/** The server's bounds, lowered by what a connect token says; a token never raises one. */
export function withTokenLimits(limits: ConnectionLimits, token: TokenLimits | undefined): ConnectionLimits {
  if (token === undefined) return limits
  const receivePacketsPerSecond = lowerRate(limits.receivePacketsPerSecond, token.packetsPerSecondIn)
  const receiveBytesPerSecond = lowerRate(limits.receiveBytesPerSecond, token.bytesPerSecondIn)
  const isLower =
    receivePacketsPerSecond !== limits.receivePacketsPerSecond ||
    receiveBytesPerSecond !== limits.receiveBytesPerSecond
  return isLower ? { ...limits, receivePacketsPerSecond, receiveBytesPerSecond } : limits
}

/** The lower of two rates of which 0 means unlimited. */
function lowerRate(a: number, b: number): number {
  if (a === 0 || b === 0) return Math.max(a, b)
  return Math.min(a, b)
}

/**
 * Checks options by making a connection nobody uses, so that a mistake shows when a server or client is made and
 * not when the first handshake ends.
 * @throws RangeError
 */
export function checkTuning(
  tuning: ConnectionTuning,
  random: Random,
  limits: Partial<ConnectionLimits>,
): void {
  new LiveConnection({
    owner: NOBODY,
    slot: 0,
    remote: { ip: '', port: 0 },
    protection: new PlainPacketProtection(),
    autoFlush: false,
    core: {
      role: 'server',
      connectionId: new Uint8Array(CONNECTION_ID_BYTES),
      random,
      nowMs: 0,
      limits,
      ...coreTuning(tuning),
    },
  })
}

const NOBODY: ConnectionOwner = {
  nowMs: () => 0,
  wake: () => {},
  opened: () => {},
  callbackFailed: () => {},
  ticketReceived: () => {},
  fellSilent: () => {},
}
