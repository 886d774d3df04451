import type { Address } from '../endpoint/address.ts'
import { type ConnectFields, writeConnect } from '../handshake/connect-packet.ts'
import { parseCookie, writeHello } from '../handshake/hello-packet.ts'
import { type AuthSecret, connectProof } from '../handshake/key-agreement.ts'
import { longPacketType, PADDED_BYTES, PacketType } from '../handshake/long-header.ts'
import { parseDeny } from '../handshake/refusal-packets.ts'
import { protocolIdOf } from '../handshake/protocol-id.ts'
import type { SimulatedSocket } from '../testing/index.ts'
import { crypto, type EndpointWorld, nameOf, PROTOCOL, SERVER_ADDRESS } from './endpoint-world.ts'

/** Somebody who makes handshake packets by hand, good ones and bad ones. */
export class RawClient {
  readonly socket: SimulatedSocket
  /** Everything the server sent here. */
  readonly received: Uint8Array[] = []
  readonly nonce = new Uint8Array(8)
  readonly privateKey = new Uint8Array(32)
  readonly #world: EndpointWorld

  constructor(world: EndpointWorld, address: Address) {
    this.#world = world
    world.random.fill(this.nonce)
    world.random.fill(this.privateKey)
    this.socket = world.network.attach(nameOf(address), (buffer, length) => {
      this.received.push(buffer.slice(0, length))
    })
  }

  send(packet: Uint8Array): void {
    this.socket.send(nameOf(SERVER_ADDRESS), packet)
  }

  hello(version = 1): Uint8Array {
    const packet = new Uint8Array(PADDED_BYTES)
    writeHello(packet, 0, {
      version,
      nonce: this.nonce,
      protocolId: protocolIdOf(crypto, PROTOCOL),
      clientTimeMs: 0,
    })
    return packet
  }

  /** Says HELLO and waits for the cookie. */
  fetchCookie(): Uint8Array {
    this.send(this.hello())
    const has = () => this.received.some((packet) => packet[0] === PacketType.cookie)
    this.#world.clock.runUntil(has, this.#world.clock.now() + 5_000)
    for (const packet of this.received.splice(0)) {
      const cookie = parseCookie(packet, 0, packet.length)
      if (packet[0] === PacketType.cookie && cookie !== undefined) return cookie.addressToken
    }
    throw new Error('The server gave no cookie')
  }

  /** A CONNECT, proved with the secret unless a proof is given. */
  connect(
    addressToken: Uint8Array,
    authSecret: AuthSecret,
    changes: Partial<ConnectFields> = {},
  ): Uint8Array {
    const packet = new Uint8Array(PADDED_BYTES)
    const signedLength = writeConnect(packet, 0, {
      version: 1,
      nonce: this.nonce,
      protocolId: protocolIdOf(crypto, PROTOCOL),
      addressToken,
      ephemeral: crypto.x25519PublicKey(this.privateKey),
      token: new Uint8Array(0),
      ...changes,
    })
    packet.set(connectProof(crypto, authSecret, packet.subarray(0, signedLength)), signedLength)
    return packet
  }

  /** The secret a client has in common with the server whose key it knows. */
  pinnedSecret(): AuthSecret {
    return crypto.x25519(this.privateKey, this.#world.serverKey.publicKey) ?? new Uint8Array(32)
  }

  /** The types of the packets received since the last call; a DENY as its code. */
  takeAnswers(): (number | { readonly denied: number })[] {
    return this.received.splice(0).map((packet) => {
      const type = longPacketType(packet, 0, packet.length)
      if (type !== PacketType.deny) return type
      return { denied: parseDeny(packet, 0, packet.length)?.code ?? -1 }
    })
  }
}
