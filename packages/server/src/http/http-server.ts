import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { PortInUseError } from '../errors.ts'
import type { HttpAppOptions } from './http-app.ts'

export interface HttpServerOptions extends HttpAppOptions {
  readonly host: string
  readonly port: number
}

/** Health, metrics and the page; the WebSocket transport shares its port. */
export class HttpServer {
  readonly #options: HttpServerOptions
  #app: FastifyInstance | undefined
  #preparing: Promise<FastifyInstance> | undefined

  constructor(options: HttpServerOptions) {
    this.#options = options
  }

  /** Node's own server, for upgrades; there is one once this is prepared. */
  get server(): Server {
    if (this.#app === undefined) throw new Error('the HTTP server is not prepared')
    return this.#app.server
  }

  /** The port that was bound; 0 before {@link listen}. */
  get port(): number {
    return (this.#app?.server.address() as AddressInfo | null | undefined)?.port ?? 0
  }

  /** Loads what answers requests: a good part of all that a server loads, so that it is done while threads start. */
  async prepare(): Promise<void> {
    this.#preparing ??= loadApp(this.#options)
    this.#app = await this.#preparing
  }

  /** @throws {PortInUseError}, {Error} when the public folder does not exist */
  async listen(): Promise<void> {
    const { host, port, publicDir } = this.#options
    if (publicDir !== undefined && !existsSync(publicDir)) {
      throw new Error(`the public folder ${resolve(publicDir)} does not exist`)
    }
    await this.prepare()
    try {
      await this.#app?.listen({ host, port })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
        throw new PortInUseError(port, 'TCP', error)
      }
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#app?.close()
  }
}

async function loadApp(options: HttpAppOptions): Promise<FastifyInstance> {
  const { createHttpApp } = await import('./http-app.ts')
  return createHttpApp(options)
}
