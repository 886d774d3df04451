import { encodeLaneCounts } from '@kaosnet/protocol'
import type { VirtualTime } from './scripted-server.ts'
import { World } from './world.ts'

/** How long the server keeps a session. */
export const WINDOW_MS = 10_000

/** A server that keeps sessions, and has received `received` when one comes back. */
export function resumable(
  time: VirtualTime,
): World & { received: Map<number, number>; refuses: boolean; tokens: string[] } {
  const world = Object.assign(new World(time), {
    received: new Map([[0, 0]]),
    refuses: false,
    tokens: [] as string[],
  })
  let issued = 0
  world.server.handlers.SessionStart = ({ id, resume }, connection) => {
    if (resume !== undefined) world.tokens.push(resume.token)
    if (resume !== undefined && world.refuses) return connection.sendError(id, 'RESUME_REFUSED')
    const fields = { resume_token: `token-${++issued}`, resume_window_ms: WINDOW_MS }
    connection.startSession(
      id,
      resume === undefined
        ? fields
        : { ...fields, is_resumed: true, received: encodeLaneCounts(world.received) },
    )
  }
  return world
}
