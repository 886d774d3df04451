import { performance } from 'node:perf_hooks'
import { rudpChannelOf } from '@kaosnet/protocol'
import {
  type Address,
  ClientEndpoint,
  type CryptoProvider,
  DEFAULT_PROTOCOL,
  type HandshakeOutcome,
  protocolIdOf,
} from '@kaosnet/rudp'
import type { Link, LinkHandlers, ServerAddress } from '../link.ts'
import type { SharedDriver } from './shared-driver.ts'

export interface SharedLinkOptions {
  readonly driver: SharedDriver
  readonly crypto: CryptoProvider
  readonly server: ServerAddress
  readonly timeoutMs: number
}

/**
 * Connects one bot over kaos-rudp, with the server's key pinned, from an address of its own on the shared socket. It does
 * what `connectRudp` does, but for going on from another socket when the network changes.
 * @throws Error when the server does not let it in
 */
export function openSharedLink(
  bot: number,
  handlers: LinkHandlers,
  { driver, crypto, server, timeoutMs }: SharedLinkOptions,
): Promise<Link> {
  const remote: Address = { ip: server.host, port: server.udpPort }
  return new Promise((resolve, reject) => {
    const endpoint = new ClientEndpoint({
      crypto,
      clock: () => performance.now(),
      protocolId: protocolIdOf(crypto, DEFAULT_PROTOCOL),
      credentials: { kind: 'pinned', serverPublicKey: Buffer.from(server.serverKey, 'base64url') },
      remote,
      timeoutMs,
      // A ring of events is for debugging, and thousands of them are a lot of memory.
      eventCapacity: 0,
      onCallbackError: (error) => handlers.onClosed(String(error)),
      onHandshakeEnded: (outcome) => {
        const { connection } = endpoint
        if (connection === undefined) return reject(new Error(`no connection: ${describe(outcome)}`))
        connection.onMessage = (_channel, _mode, data) => handlers.onMessage(data, driver.nowMs)
        connection.onClose = ({ code, reason }) => handlers.onClosed(reason || `closed with ${code}`)
        resolve({
          send(lane, isReliable, message) {
            const mode = isReliable ? 'reliable-ordered' : 'unreliable-sequenced'
            connection.send(rudpChannelOf(lane), mode, message)
          },
          close: () => connection.close(),
        })
      },
    })
    driver.add(bot, endpoint)
  })
}

function describe(outcome: HandshakeOutcome): string {
  return outcome.kind === 'denied' ? `denied with code ${outcome.code}` : outcome.kind
}
