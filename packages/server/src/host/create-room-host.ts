import { availableParallelism } from 'node:os'
import type { RoomHost } from '../room/room-host.ts'
import type { NodeServices } from '../script/node-services.ts'
import { RoomHosts } from './room-hosts.ts'
import { createThreadHost, type HostThreadParts } from './thread-host.ts'
import { WorkerRoomHost } from './worker/worker-room-host.ts'

export interface RoomHostOptions extends Omit<HostThreadParts, 'index' | 'node'> {
  readonly node: NodeServices
  /** Clock and random numbers are the caller's own: they cannot cross to another thread. */
  readonly isDriven: boolean
}

/** The room host that the configuration asks for: in this thread, or in workers. */
export function createRoomHost(options: RoomHostOptions): RoomHost {
  const { clock, config, isDriven, logger, node } = options
  const count = config.rooms.workers ?? (isDriven ? 0 : Math.max(1, availableParallelism() - 1))
  if (count === 0) return createThreadHost({ ...options, index: 0 })
  return new RoomHosts({
    count,
    clock,
    logger,
    create: (index, onLost) => new WorkerRoomHost({ index, config, clock, logger, node, onLost }),
  })
}
