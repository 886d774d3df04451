import type { CryptoProvider } from '../../crypto/crypto-provider.ts'
import { createDefaultProvider } from '../../crypto/default-provider.ts'
import { deriveHandshakeKeys } from '../../handshake/handshake-keys.ts'
import type { Address } from '../../endpoint/address.ts'
import { ClientEndpoint, type ClientEndpointOptions } from '../../endpoint/client-endpoint.ts'
import { DatagramBatch } from '../../endpoint/datagram-batch.ts'
import type { ServerEndpoint } from '../../endpoint/server-endpoint.ts'
import type { ServerEndpointOptions } from '../../endpoint/server-options.ts'
import { acceptHeader, sealAccept } from '../../handshake/accept-packet.ts'
import type { Credentials } from '../../handshake/client-handshake.ts'
import { ConnectTokenIssuer } from '../../handshake/connect-token.ts'
import { writeCookie } from '../../handshake/hello-packet.ts'
import { protocolIdOf } from '../../handshake/protocol-id.ts'
import { DenyCode, writeDeny, writeVersions } from '../../handshake/refusal-packets.ts'
import type { SeededRandom } from '../../testing/random.ts'

const PROTOCOL = 'fuzz'
const WALL_MS = 1_800_000_000_000
export const RECORDED_SERVER: Address = { ip: '192.0.2.1', port: 7350 }

/** Honest handshakes, for others to damage. */
export class HandshakeRecorder {
  /** Where the honest client is. */
  readonly address: Address = { ip: '198.51.100.1', port: 4_000 }
  readonly #random: SeededRandom
  readonly #serverKey = new Uint8Array(32)
  readonly #tokenKey = new Uint8Array(32)
  readonly #crypto = createDefaultProvider()

  constructor(random: SeededRandom) {
    this.#random = random
    random.fill(this.#serverKey)
    random.fill(this.#tokenKey)
  }

  get serverOptions(): Pick<ServerEndpointOptions, 'protocol' | 'serverKey' | 'tokenKeys' | 'wallClock'> {
    return {
      protocol: PROTOCOL,
      serverKey: this.#serverKey,
      tokenKeys: [this.#tokenKey],
      wallClock: () => WALL_MS,
    }
  }

  get clientOptions(): Pick<
    ClientEndpointOptions,
    'protocolId' | 'credentials' | 'remote' | 'timeoutMs' | 'onCallbackError'
  > {
    return {
      protocolId: protocolIdOf(this.#crypto, PROTOCOL),
      credentials: { kind: 'pinned', serverPublicKey: this.#crypto.x25519PublicKey(this.#serverKey) },
      remote: RECORDED_SERVER,
      timeoutMs: 10_000,
      onCallbackError: () => {},
    }
  }

  /** Lets a client of each kind connect to the server. @returns what they sent, their CLOSE included */
  record(server: ServerEndpoint, nowMs: () => number): Uint8Array[] {
    const issuer = new ConnectTokenIssuer({
      random: this.#random,
      keys: [this.#tokenKey],
      protocol: PROTOCOL,
      wallClock: () => WALL_MS,
    })
    const token = issuer.issue({ userId: 'u', addresses: [{ ...RECORDED_SERVER, worker: 0 }] })
    const { credentials } = this.clientOptions
    return [credentials, { kind: 'token' as const, token }].flatMap((one) =>
      this.#recordOne(server, nowMs, one),
    )
  }

  /** An answer of each kind, none of them to any question. */
  answers(crypto: CryptoProvider): Uint8Array[] {
    const request = new Uint8Array(64)
    request.set([0xc0, 0x4b, 0x52, 0x50, 0x32, 1, 0])
    const written = (write: (out: Uint8Array) => number) => {
      const out = new Uint8Array(128)
      return out.slice(0, write(out))
    }
    const secret = new Uint8Array(32)
    this.#random.fill(secret)
    const ephemeral = crypto.x25519PublicKey(secret)
    const body = {
      connectionId: new Uint8Array(8),
      resetToken: new Uint8Array(16),
      idleTimeoutMs: 15_000,
      maxDatagramBytes: 1_472,
      tickCentiHz: 0,
      packetsPerSecondIn: 0,
      bytesPerSecondIn: 0,
      maxMessageBytes: 262_144,
      maxPartialMessages: 64,
    }
    return [
      written((out) => writeCookie(out, 0, 1, request, 0, 0)),
      written((out) => writeCookie(out, 0, 1, request, 0, 77)),
      written((out) => writeVersions(out, 0, request, 0, [1, 2])),
      written((out) => writeVersions(out, 0, request, 0, [7])),
      written((out) => writeDeny(out, 0, request, 0, DenyCode.serverFull, 0)),
      sealAccept(acceptHeader(1, new Uint8Array(8), ephemeral), body, deriveHandshakeKeys(crypto, secret)),
    ]
  }

  #recordOne(server: ServerEndpoint, nowMs: () => number, credentials: Credentials): Uint8Array[] {
    const client = new ClientEndpoint({
      ...this.clientOptions,
      credentials,
      crypto: this.#crypto,
      random: this.#random,
      clock: nowMs,
      onHandshakeEnded: () => {},
    })
    const batch = new DatagramBatch(64)
    const recorded: Uint8Array[] = []
    for (let trip = 0; trip < 5; trip += 1) {
      if (trip === 4) client.connection?.close()
      client.pollDatagrams(batch, nowMs())
      for (let slot = 0; slot < batch.count; slot += 1) {
        const offset = batch.offsetOf(slot)
        recorded.push(batch.buffer.slice(offset, offset + batch.lengthOf(slot)))
        server.handleDatagram(batch.buffer, offset, batch.lengthOf(slot), this.address, nowMs())
      }
      batch.clear()
      server.pollDatagrams(batch, nowMs())
      for (let slot = 0; slot < batch.count; slot += 1) {
        const offset = batch.offsetOf(slot)
        client.handleDatagram(batch.buffer, offset, batch.lengthOf(slot), RECORDED_SERVER, nowMs())
      }
      batch.clear()
    }
    return recorded
  }
}
