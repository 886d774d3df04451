import type { RoomHost } from '../room/room-host.ts'
import type { NodeServices } from '../script/node-services.ts'
import { createThreadHost, type HostThreadParts } from './thread-host.ts'

export interface RoomHostOptions extends Omit<HostThreadParts, 'index' | 'node'> {
  readonly node: NodeServices
}

/** The room host that the configuration asks for. */
export function createRoomHost(options: RoomHostOptions): RoomHost {
  return createThreadHost({ ...options, index: 0 })
}
