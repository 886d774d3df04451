import { serialize } from 'node:v8'
import { encodeMessagePack, KaosError } from '@kaosnet/protocol'
import type { ServerConfig } from '../config.ts'
import type { SessionId } from '../ids.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Session } from '../session/session.ts'
import type { RoomRegistry } from './room-registry.ts'

export interface RoomLimitsParts {
  readonly config: Pick<ServerConfig, 'limits'>
  readonly metrics: Pick<Metrics, 'limitHit'>
  readonly rooms: RoomRegistry
}

/** The bounds on rooms and on what goes into them. Each check throws what its sender is told, and counts that. */
export class RoomLimits {
  readonly #parts: RoomLimitsParts

  constructor(parts: RoomLimitsParts) {
    this.#parts = parts
  }

  /** @throws {KaosError} TOO_MANY_ROOMS when there may be no further room, of this session or at all */
  checkCreation(createdBy: SessionId | undefined): void {
    const { config, metrics, rooms } = this.#parts
    if (rooms.size >= config.limits.rooms) {
      metrics.limitHit('rooms')
      throw new KaosError('TOO_MANY_ROOMS', `this server runs at most ${config.limits.rooms} rooms`)
    }
    if (createdBy !== undefined && rooms.countCreatedBy(createdBy) >= config.limits.roomsCreatedPerSession) {
      metrics.limitHit('roomsCreatedPerSession')
      throw new KaosError(
        'TOO_MANY_ROOMS',
        `a session may have created at most ${config.limits.roomsCreatedPerSession} running rooms`,
      )
    }
  }

  /**
   * @param searches Rooms that it may come to be in besides those it is in or is asking.
   * @throws {KaosError} TOO_MANY_ROOMS
   */
  checkRoomsOf(session: Session, searches = 0): void {
    const { config, metrics } = this.#parts
    const { roomsPerSession } = config.limits
    if (session.roomCount + searches < roomsPerSession) return
    metrics.limitHit('roomsPerSession')
    throw new KaosError('TOO_MANY_ROOMS', `a session may be in at most ${roomsPerSession} rooms at once`)
  }

  /** @throws {KaosError} INVALID_PAYLOAD */
  checkParams(params: unknown): void {
    const bound = this.#parts.config.limits.roomParamsBytes
    const size = serialize(params).length
    if (size <= bound) return
    this.#parts.metrics.limitHit('roomParamsBytes')
    throw new KaosError('INVALID_PAYLOAD', `params: at most ${bound} bytes, got ${size}`)
  }

  /** @throws {KaosError} INVALID_PAYLOAD */
  checkMetadata(metadata: Readonly<Record<string, unknown>> | undefined): void {
    if (metadata === undefined) return
    const bound = this.#parts.config.limits.metadataBytes
    const size = encodeMessagePack(metadata).length
    if (size > bound) {
      this.#parts.metrics.limitHit('metadataBytes')
      throw new KaosError('INVALID_PAYLOAD', `metadata: at most ${bound} bytes as MessagePack, got ${size}`)
    }
  }

  /** @throws {KaosError} PAYLOAD_TOO_LARGE */
  checkData(data: Uint8Array): void {
    const bound = this.#parts.config.limits.roomDataBytes
    if (data.length <= bound) return
    this.#parts.metrics.limitHit('roomDataBytes')
    throw new KaosError(
      'PAYLOAD_TOO_LARGE',
      `data of a room message: at most ${bound} bytes, got ${data.length}`,
    )
  }
}
