import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { RoomRecord } from '../room/room-record.ts'

export interface AdminParts {
  /** Without one there are no such routes. */
  readonly token: string | undefined
  reload(): Promise<string>
  scriptVersion(): string
  readonly rooms: Iterable<RoomRecord>
}

/**
 * `/v1/admin/…`, for those who have the token of the configuration:
 * - `POST /v1/admin/reload` loads the scripts anew; answers `{ version }`, or 422 and `{ error }` when they do not load
 * - `GET /v1/admin/rooms` lists every room with the version of its scripts
 */
export function registerAdminRoutes(app: FastifyInstance, parts: AdminParts): void {
  const { token, rooms } = parts
  if (token === undefined) return
  const wanted = digest(`Bearer ${token}`)
  void app.register((admin, _options, done) => {
    admin.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store')
      if (timingSafeEqual(digest(request.headers.authorization ?? ''), wanted)) return
      await reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'a bearer token is needed' })
    })
    admin.post('/v1/admin/reload', async (_request, reply) => {
      try {
        return { version: await parts.reload() }
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        return reply.code(422).send({ error: message, version: parts.scriptVersion() })
      }
    })
    admin.get('/v1/admin/rooms', async () => ({
      version: parts.scriptVersion(),
      rooms: Array.from(rooms, ({ id, module, traits, phase, size, createdUnixMs }) => ({
        room_id: id,
        module,
        state: phase,
        version: traits.version,
        label: traits.label,
        size,
        max_players: traits.maxPlayers,
        tick_hz: traits.tickHz,
        created_ms: Math.round(createdUnixMs),
      })),
    }))
    done()
  })
}

/** Digests are of one length, as a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
