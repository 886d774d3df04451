import { existsSync } from 'node:fs'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import { type FastifyInstance, fastify } from 'fastify'
import { KaosError } from '@kaosnet/protocol'
import { PortInUseError } from '../errors.ts'
import type { Metrics } from '../observe/metrics.ts'
import { type AdminParts, registerAdminRoutes } from './admin-routes.ts'
import type { ConnectService } from './connect-service.ts'

export interface HttpServerOptions {
  readonly host: string
  readonly port: number
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

/** Health, metrics and the page; the WebSocket transport shares its port. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #app: FastifyInstance

  constructor(options: HttpServerOptions) {
    this.#options = options
    this.#app = fastify({
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
    this.#app.server.on('clientError', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') options.metrics.limitHit('httpTimeouts')
    })
    this.#routes()
  }

  /** Node's own server, for upgrades. */
  get server(): Server {
    return this.#app.server
  }

  /** The port that was bound; 0 before {@link listen}. */
  get port(): number {
    return (this.#app.server.address() as AddressInfo | null)?.port ?? 0
  }

  /** @throws {PortInUseError}, {Error} when the public folder does not exist */
  async listen(): Promise<void> {
    const { host, port, publicDir } = this.#options
    if (publicDir !== undefined && !existsSync(publicDir)) {
      throw new Error(`the public folder ${resolve(publicDir)} does not exist`)
    }
    try {
      await this.#app.listen({ host, port })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
        throw new PortInUseError(port, 'TCP', error)
      }
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#app.close()
  }

  #routes(): void {
    const { clientAddress, connect, isReady, metrics, publicDir } = this.#options
    this.#app.addHook('onSend', async (_request, reply) => {
      reply.header('x-content-type-options', 'nosniff')
      reply.header('referrer-policy', 'no-referrer')
    })
    this.#app.get('/healthz', async () => ({ status: 'ok' }))
    this.#app.get('/readyz', async (_request, reply) => {
      const ready = isReady()
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' })
    })
    this.#app.get('/metrics', async (_request, reply) => {
      return reply.type(metrics.contentType).send(await metrics.expose())
    })
    this.#app.post('/v1/connect', async (request, reply) => {
      try {
        reply.header('cache-control', 'no-store')
        const localAddress = request.socket.localAddress ?? '127.0.0.1'
        return await connect.connect(
          { localAddress, clientAddress: clientAddress(request.raw) },
          request.body,
        )
      } catch (error) {
        if (!(error instanceof KaosError)) throw error
        const { code, error: name, message } = error
        return reply.code(statusOf(error)).send({ error: { code, name, message } })
      }
    })
    registerAdminRoutes(this.#app, this.#options.admin)
    if (publicDir === undefined) {
      this.#app.get('/', async (_request, reply) => {
        return reply
          .type('text/plain; charset=utf-8')
          .send('KaosNet is running. Game clients connect to /ws.\n')
      })
    } else {
      void this.#app.register(fastifyStatic, {
        root: resolve(publicDir),
        cacheControl: true,
        maxAge: 0,
        // A folder that is published whole may hold what was not meant to be.
        dotfiles: 'ignore',
      })
    }
  }
}

function statusOf(error: KaosError): number {
  if (error.error === 'RATE_LIMITED') return 429
  return error.action === 'reauth' ? 401 : 400
}
