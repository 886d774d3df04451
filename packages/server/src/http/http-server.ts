import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import { type FastifyInstance, fastify } from 'fastify'
import type { Metrics } from '../observe/metrics.ts'

export interface HttpServerOptions {
  readonly host: string
  readonly port: number
  readonly publicDir: string | undefined
  readonly metrics: Metrics
  readonly isReady: () => boolean
}

/** The port is taken; says so in one line. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError'
}

/** Health, metrics and the page; the WebSocket transport shares its port. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #app: FastifyInstance

  constructor(options: HttpServerOptions) {
    this.#options = options
    this.#app = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 65_536 })
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

  /** @throws {PortInUseError} */
  async listen(): Promise<void> {
    const { host, port } = this.#options
    try {
      await this.#app.listen({ host, port })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
        throw new PortInUseError(
          `port ${port} is in use: choose another with --port or KAOSNET_PORT (0 = any free one)`,
          {
            cause: error,
          },
        )
      }
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#app.close()
  }

  #routes(): void {
    const { isReady, metrics, publicDir } = this.#options
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
    if (publicDir === undefined) {
      this.#app.get('/', async (_request, reply) => {
        return reply
          .type('text/plain; charset=utf-8')
          .send('KaosNet is running. Game clients connect to /ws.\n')
      })
    } else {
      void this.#app.register(fastifyStatic, { root: resolve(publicDir), cacheControl: true, maxAge: 0 })
    }
  }
}
