import type { IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import { type FastifyInstance, fastify } from 'fastify'
import { KaosError } from '@kaosnet/protocol'
import type { Metrics } from '../observe/metrics.ts'
import { type AdminParts, registerAdminRoutes } from './admin-routes.ts'
import type { ConnectService } from './connect-service.ts'

export interface HttpAppOptions {
  readonly publicDir: string | undefined
  /** How long the head of a request may take, from the moment of the connection. */
  readonly headersTimeoutMs: number
  /** The same for the whole request. */
  readonly requestTimeoutMs: number
  readonly metrics: Metrics
  readonly isReady: () => boolean
  readonly connect: Pick<ConnectService, 'connect'>
  /** The address of the client behind a request. */
  readonly clientAddress: (request: IncomingMessage) => string
  readonly admin: AdminParts
}

/** How often connections are looked at for what has taken too long; Node's own interval is half a minute. */
const TIMEOUT_CHECK_MS = 1_000

/** What answers requests: health, metrics, `/v1/…` and the page. */
export async function createHttpApp(options: HttpAppOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 65_536,
    // A request that drips in slowly, or never begins, holds a socket no longer than this.
    requestTimeout: options.requestTimeoutMs,
    http: {
      headersTimeout: Math.min(options.headersTimeoutMs, options.requestTimeoutMs),
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
  })
  app.server.on('clientError', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') options.metrics.limitHit('httpTimeouts')
  })
  addRoutes(app, options)
  await addPage(app, options.publicDir)
  return app
}

function addRoutes(app: FastifyInstance, options: HttpAppOptions): void {
  const { clientAddress, connect, isReady, metrics } = options
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'no-referrer')
  })
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const ready = isReady()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' })
  })
  app.get('/metrics', async (_request, reply) => {
    return reply.type(metrics.contentType).send(await metrics.expose())
  })
  app.post('/v1/connect', async (request, reply) => {
    try {
      reply.header('cache-control', 'no-store')
      const localAddress = request.socket.localAddress ?? '127.0.0.1'
      return await connect.connect({ localAddress, clientAddress: clientAddress(request.raw) }, request.body)
    } catch (error) {
      if (!(error instanceof KaosError)) throw error
      const { code, error: name, message } = error
      return reply.code(statusOf(error)).send({ error: { code, name, message } })
    }
  })
  registerAdminRoutes(app, options.admin)
}

async function addPage(app: FastifyInstance, publicDir: string | undefined): Promise<void> {
  if (publicDir === undefined) {
    app.get('/', async (_request, reply) => {
      return reply
        .type('text/plain; charset=utf-8')
        .send('KaosNet is running. Game clients connect to /ws.\n')
    })
    return
  }
  // Servers without a page start sooner without it.
  const { default: fastifyStatic } = await import('@fastify/static')
  void app.register(fastifyStatic, {
    root: resolve(publicDir),
    cacheControl: true,
    maxAge: 0,
    // A folder that is published whole may hold what was not meant to be.
    dotfiles: 'ignore',
  })
}

function statusOf(error: KaosError): number {
  if (error.error === 'RATE_LIMITED') return 429
  return error.action === 'reauth' ? 401 : 400
}
