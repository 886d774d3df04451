import { performance } from 'node:perf_hooks'
import { type CryptoProvider, createDefaultProvider } from '@kaosnet/rudp'
import { BatchPool } from './bot-socket.ts'
import type { Link, LinkHandlers, ServerAddress } from './link.ts'
import { openRudpLink } from './rudp-link.ts'
import { type BatchAddonLookup, loadBatchAddon } from './shared/batch-addon.ts'
import { type BatchSocket, NativeSharedSocket } from './shared/batch-socket.ts'
import { SharedDriver } from './shared/shared-driver.ts'
import { openSharedLink } from './shared/shared-link.ts'

const CONNECT_TIMEOUT_MS = 30_000

export interface RudpLinksOptions {
  readonly server: ServerAddress
  /** Of the first bot, for its address. */
  readonly firstBot: number
  readonly bots: number
  /** Default: {@link loadBatchAddon}. */
  readonly addon?: BatchAddonLookup
}

type Sockets =
  | { readonly kind: 'shared'; readonly socket: BatchSocket; readonly driver: SharedDriver }
  | { readonly kind: 'own'; readonly pool: BatchPool; readonly reason: string }

/** The connections over kaos-rudp of all bots of a process: on one socket where that can be had, otherwise on one each. */
export class RudpLinks {
  readonly #server: ServerAddress
  readonly #firstBot: number
  readonly #crypto: CryptoProvider = createDefaultProvider()
  readonly #sockets: Sockets

  constructor({ server, firstBot, bots, addon = loadBatchAddon() }: RudpLinksOptions) {
    this.#server = server
    this.#firstBot = firstBot
    if (addon.kind === 'unavailable') {
      this.#sockets = { kind: 'own', pool: new BatchPool(), reason: addon.reason }
    } else {
      const address = { ip: server.host, port: server.udpPort }
      const socket = new NativeSharedSocket(addon.addon, address)
      const clock = (): number => performance.now()
      const driver = new SharedDriver({ socket, server: address, firstBot, bots, clock })
      this.#sockets = { kind: 'shared', socket, driver }
    }
  }

  /** Why each bot has a socket of its own; undefined when all share one. */
  get ownSocketsReason(): string | undefined {
    return this.#sockets.kind === 'own' ? this.#sockets.reason : undefined
  }

  /** Datagrams lost in this process: its receive buffer was full, or the system would not send. Of own sockets, unknown: 0. */
  get lostDatagrams(): number {
    return this.#sockets.kind === 'own' ? 0 : this.#sockets.socket.dropped() + this.#sockets.socket.refused
  }

  /** @param index of the bot in this process @throws Error when the server does not let it in */
  open(index: number, handlers: LinkHandlers): Promise<Link> {
    const bot = this.#firstBot + index
    const server = this.#server
    const timeoutMs = CONNECT_TIMEOUT_MS
    const crypto = this.#crypto
    switch (this.#sockets.kind) {
      case 'shared':
        return openSharedLink(bot, handlers, { driver: this.#sockets.driver, crypto, server, timeoutMs })
      case 'own':
        return openRudpLink(bot, handlers, { pool: this.#sockets.pool, crypto, server, timeoutMs })
    }
  }

  async close(): Promise<void> {
    if (this.#sockets.kind === 'shared') await this.#sockets.driver.close()
  }
}
