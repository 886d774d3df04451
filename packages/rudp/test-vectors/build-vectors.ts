/**
 * Makes the contents of `krp2.golden.json` with the implementation, from fixed keys and inputs. Everything an
 * implementation in another language needs to compute the same bytes is in the result.
 */
import { AckTracker, ELICITS_PROMPTLY } from '../src/core/ack-tracker.ts'
import {
  RELIABLE_ORDERED,
  RELIABLE_UNORDERED,
  UNRELIABLE,
  UNRELIABLE_SEQUENCED,
} from '../src/core/delivery-mode.ts'
import { FrameType } from '../src/core/frame-types.ts'
import {
  stripMessageLength,
  writeClose,
  writeCredit,
  writeMessageHeader,
  writePathFrame,
  writePing,
  writeResume,
  writeTick,
} from '../src/core/frame-writer.ts'
import { FRAGMENT_BYTES } from '../src/core/limits.ts'
import { writePacketHeader } from '../src/core/packet-header.ts'
import { ReceivedPackets } from '../src/core/received-packets.ts'
import { AeadPacketProtection } from '../src/crypto/aead-packet-protection.ts'
import type { CryptoProvider } from '../src/crypto/crypto-provider.ts'
import { hkdfExpandLabel } from '../src/crypto/hkdf.ts'
import { PlainPacketProtection } from '../src/crypto/plain-packet-protection.ts'
import { derivePacketKeys, nextPacketKeys, type PacketKeys, secretOf } from '../src/crypto/packet-keys.ts'
import { resetToken, writeReset } from '../src/endpoint/stateless-reset.ts'
import { type AcceptBody, acceptHeader, sealAccept } from '../src/handshake/accept-packet.ts'
import { AddressValidator } from '../src/handshake/address-validation.ts'
import { CONNECT_PROOF_BYTES, writeConnect } from '../src/handshake/connect-packet.ts'
import { ConnectTokenIssuer } from '../src/handshake/connect-token.ts'
import { formatConnectToken } from '../src/handshake/connect-token-text.ts'
import { COOKIE_TOKEN_OFFSET, writeCookie, writeHello } from '../src/handshake/hello-packet.ts'
import { connectProof, deriveConnectionSecrets, NO_SERVER_KEY } from '../src/handshake/key-agreement.ts'
import { INSECURE_VERSION, PADDED_BYTES, PROTOCOL_VERSION } from '../src/handshake/long-header.ts'
import { protocolIdOf } from '../src/handshake/protocol-id.ts'
import { DenyCode, writeDeny, writeVersions } from '../src/handshake/refusal-packets.ts'

const WALL_MS = 1_800_000_000_000
const PROTOCOL = 'golden/1'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const counted = (length: number, from: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => from + index)
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Runs a writer on a fresh buffer and takes what it wrote. */
function written(write: (out: Uint8Array) => number): Uint8Array {
  const out = new Uint8Array(2_048)
  return out.slice(0, write(out))
}

export function buildVectors(crypto: CryptoProvider) {
  const server = { privateKey: counted(32, 0x10), publicKey: crypto.x25519PublicKey(counted(32, 0x10)) }
  const client = counted(32, 0x40)
  const serverEphemeral = counted(32, 0x70)
  const tokenKey = counted(32, 0xa0)
  const nonce = counted(8, 1)
  const protocolId = protocolIdOf(crypto, PROTOCOL)
  const remote = { ip: '198.51.100.7', port: 40_000 }
  // The only random bytes in the vectors: constant, and different for each use.
  let draws = 0
  const random = {
    fill: (bytes: Uint8Array) => {
      draws += 1
      bytes.fill(0xe0 + draws)
    },
  }
  const ticketKey = hkdfExpandLabel(crypto, server.privateKey, 'krp2 ticket', 32)
  const resetKey = hkdfExpandLabel(crypto, server.privateKey, 'krp2 reset', 32)
  const validator = new AddressValidator(crypto, random, ticketKey, 0)
  const connectionId = Uint8Array.of(2, 3, 0, 0, 0xdd, 0xcc, 0xbb, 0xaa)

  const hello = written((out) =>
    writeHello(out, 0, { version: PROTOCOL_VERSION, nonce, protocolId, clientTimeMs: 123_457 }),
  )
  const cookie = written((out) => writeCookie(out, 0, PROTOCOL_VERSION, hello, 0, 123_457))
  const claim = { remote, version: PROTOCOL_VERSION, nonce, nonceOffset: 0, protocolId, protocolIdOffset: 0 }
  validator.writeCookieToken(cookie, COOKIE_TOKEN_OFFSET, claim, 1_000)
  const addressToken = cookie.slice(COOKIE_TOKEN_OFFSET)

  const issuer = new ConnectTokenIssuer({
    crypto,
    random,
    keys: [tokenKey],
    protocol: PROTOCOL,
    wallClock: () => WALL_MS,
  })
  const token = issuer.issue({
    userId: 'alice',
    userData: ascii('blue'),
    addresses: [
      { ip: '192.0.2.1', port: 7_350, worker: 2 },
      { ip: '2001:db8::1', port: 7_350, worker: 2 },
    ],
    lifeMs: 30_000,
    limits: { packetsPerSecondIn: 100, bytesPerSecondIn: 50_000 },
  })

  const body: AcceptBody = {
    connectionId,
    resetToken: resetToken(crypto, resetKey, connectionId),
    idleTimeoutMs: 15_000,
    maxDatagramBytes: 1_472,
    tickCentiHz: 3_000,
    packetsPerSecondIn: 300,
    bytesPerSecondIn: 262_144,
    maxMessageBytes: 262_144,
    maxPartialMessages: 64,
  }
  const agree = (authSecret: Uint8Array, serverPublicKey: Uint8Array, sealed: Uint8Array) => {
    const fields = { version: PROTOCOL_VERSION, nonce, protocolId, addressToken, token: sealed }
    const connect = new Uint8Array(PADDED_BYTES)
    const ephemeral = crypto.x25519PublicKey(client)
    const signedLength = writeConnect(connect, 0, { ...fields, ephemeral })
    const proof = connectProof(crypto, authSecret, connect.subarray(0, signedLength))
    connect.set(proof, signedLength)
    const header = acceptHeader(PROTOCOL_VERSION, nonce, crypto.x25519PublicKey(serverEphemeral))
    const shared = crypto.x25519(client, crypto.x25519PublicKey(serverEphemeral)) ?? new Uint8Array(0)
    const secrets = deriveConnectionSecrets(
      crypto,
      {
        connectSigned: connect.subarray(0, signedLength),
        connectProof: proof.subarray(0, CONNECT_PROOF_BYTES),
        serverPublicKey,
        acceptHeader: header,
      },
      authSecret,
      shared,
    )
    return {
      vector: {
        connect: hex(connect.subarray(0, signedLength + CONNECT_PROOF_BYTES)),
        authSecret: hex(authSecret),
        ephemeralShared: hex(shared),
        handshakeSecret: hex(secrets.handshakeKeys.secret),
        clientToServerSecret: hex(secrets.clientToServer),
        serverToClientSecret: hex(secrets.serverToClient),
        accept: hex(sealAccept(header, body, secrets.handshakeKeys)),
      },
      secrets,
    }
  }
  const pinnedSecret = crypto.x25519(client, server.publicKey) ?? new Uint8Array(0)
  const pinned = agree(pinnedSecret, server.publicKey, new Uint8Array(0))
  const withToken = agree(token.clientSecret, NO_SERVER_KEY, token.sealed)

  const { clientToServer, serverToClient } = pinned.secrets
  const reset = new Uint8Array(64)
  const resetLength = writeReset(reset, body.resetToken, 60, random)

  return {
    about: 'Golden vectors of KRP2 version 1, see docs/transport.md. Bytes are hexadecimal.',
    inputs: {
      protocol: PROTOCOL,
      wallMs: WALL_MS,
      clientAddress: remote,
      serverPrivateKey: hex(server.privateKey),
      serverPublicKey: hex(server.publicKey),
      clientEphemeralPrivateKey: hex(client),
      clientEphemeralPublicKey: hex(crypto.x25519PublicKey(client)),
      serverEphemeralPrivateKey: hex(serverEphemeral),
      serverEphemeralPublicKey: hex(crypto.x25519PublicKey(serverEphemeral)),
      tokenMasterKey: hex(tokenKey),
      clientNonce: hex(nonce),
      protocolId: hex(protocolId),
      clientTimeMs: 123_457,
    },
    handshake: {
      hello: { used: hex(hello.subarray(0, 27)), paddedToBytes: hello.length },
      cookie: hex(cookie),
      addressToken: hex(addressToken),
      acceptBody: { ...body, connectionId: hex(connectionId), resetToken: hex(body.resetToken) },
      pinned: pinned.vector,
      token: withToken.vector,
      deny: {
        code: DenyCode.serverFull,
        retryAfterMs: 2_500,
        packet: hex(written((out) => writeDeny(out, 0, hello, 0, DenyCode.serverFull, 2_500))),
      },
      versions: {
        versions: [PROTOCOL_VERSION, INSECURE_VERSION],
        packet: hex(written((out) => writeVersions(out, 0, hello, 0, [PROTOCOL_VERSION, INSECURE_VERSION]))),
      },
    },
    connectToken: {
      userId: 'alice',
      userData: hex(ascii('blue')),
      clientSecret: hex(token.clientSecret),
      issuedAtMs: WALL_MS,
      expiresAtMs: token.expiresAtMs,
      packetsPerSecondIn: 100,
      bytesPerSecondIn: 50_000,
      addresses: [
        { worker: 2, ip: '192.0.2.1', port: 7_350 },
        { worker: 2, ip: '2001:db8::1', port: 7_350 },
      ],
      sealed: hex(token.sealed),
      text: formatConnectToken(token),
    },
    trafficKeys: {
      clientToServer: generations(crypto, clientToServer),
      serverToClient: generations(crypto, serverToClient),
    },
    packets: buildPackets(crypto, connectionId, clientToServer, serverToClient),
    statelessReset: {
      resetKey: hex(resetKey),
      connectionId: hex(connectionId),
      resetToken: hex(body.resetToken),
      packet: hex(reset.subarray(0, resetLength)),
    },
  }
}

/** Three generations of one direction's keys. */
function generations(crypto: CryptoProvider, secret: Uint8Array) {
  const describe = (keys: PacketKeys) => ({
    secret: hex(secretOf(keys)),
    key: hex(hkdfExpandLabel(crypto, secretOf(keys), 'krp2 key', 32)),
    iv: hex(hkdfExpandLabel(crypto, secretOf(keys), 'krp2 iv', 12)),
  })
  const first = derivePacketKeys(crypto, secret)
  const second = nextPacketKeys(crypto, first)
  return [first, second, nextPacketKeys(crypto, second)].map(describe)
}

/** One packet for each kind of frame and header, sealed by both sides in turn. */
function buildPackets(
  crypto: CryptoProvider,
  connectionId: Uint8Array,
  clientToServer: Uint8Array,
  serverToClient: Uint8Array,
) {
  const client = new AeadPacketProtection(crypto, clientToServer, serverToClient)
  const server = new AeadPacketProtection(crypto, serverToClient, clientToServer)
  const plain = new PlainPacketProtection()
  const seal = (
    from: 'client' | 'server',
    generation: number,
    packetNumber: number,
    numberBytes: number,
    frames: Record<string, unknown>[],
    plaintext: Uint8Array,
    isInsecure = false,
  ) => {
    const buffer = new Uint8Array(1_600)
    const id = from === 'client' ? connectionId : new Uint8Array(0)
    const headerLength = writePacketHeader(buffer, 0, id, generation & 1, packetNumber, numberBytes)
    buffer.set(plaintext, headerLength)
    const protection = isInsecure ? plain : from === 'client' ? client : server
    const sealedLength = protection.seal(generation, packetNumber, buffer, 0, headerLength, plaintext.length)
    return {
      from,
      isInsecure,
      generation,
      packetNumber,
      packetNumberBytes: numberBytes,
      plaintext: hex(plaintext),
      frames,
      packet: hex(buffer.subarray(0, headerLength + sealedLength)),
    }
  }
  return [
    seal(
      'client',
      0,
      0,
      2,
      [{ frame: 'PING' }],
      written((out) => writePing(out, 0)),
    ),
    seal('server', 0, 0, 2, ...ackVector([0], 3)),
    seal('server', 0, 1, 2, ...ackVector([...upTo(40).filter((number) => number % 3 !== 1), 41], 0)),
    seal('server', 0, 2, 2, ...ackVector(withoutBursts(400), 12.8)),
    seal(
      'server',
      0,
      70_000,
      4,
      ...ackVector(
        upTo(69_996).filter((number) => number >= 69_950 && number !== 69_991),
        0,
        true,
      ),
    ),
    seal('client', 0, 1, 2, ...messageVector(RELIABLE_ORDERED, 0, 0, 'first', 'whole')),
    seal('client', 0, 2, 2, ...messageVector(RELIABLE_UNORDERED, 31, 65_535, 'second', 'whole')),
    seal('client', 0, 3, 2, ...messageVector(UNRELIABLE_SEQUENCED, 7, 258, 'third', 'whole')),
    seal('client', 0, 4, 2, ...messageVector(UNRELIABLE, 1, -1, 'fourth', 'whole')),
    seal('client', 0, 5, 2, ...messageVector(RELIABLE_ORDERED, 2, 1, 'fifth', 'with length, then PADDING')),
    seal('client', 0, 6, 2, ...fragmentVector(RELIABLE_ORDERED, 3, 9, 0, 2)),
    seal('client', 0, 7, 2, ...fragmentVector(UNRELIABLE, 3, 10, 7, 8)),
    seal('client', 0, 8, 3, ...pathVector('PATH_CHALLENGE')),
    seal('server', 0, 70_001, 2, ...pathVector('PATH_RESPONSE')),
    seal(
      'server',
      0,
      70_002,
      2,
      [
        { frame: 'CREDIT', channel: 4, bytes: 400_000 },
        { frame: 'CREDIT', channel: 255, bytes: 2_000_000 },
      ],
      written((out) => writeCredit(out, writeCredit(out, 0, 4, 400_000), 255, 2_000_000)),
    ),
    seal(
      'server',
      0,
      70_003,
      2,
      [{ frame: 'RESUME', ticket: hex(counted(21, 0x80)) }],
      written((out) => writeResume(out, 0, counted(21, 0x80))),
    ),
    seal(
      'server',
      0,
      70_004,
      2,
      [{ frame: 'TICK', tick: 123_456, microsInTick: 9_876 }],
      written((out) => writeTick(out, 0, 123_456, 9_876)),
    ),
    seal(
      'client',
      1,
      9,
      2,
      [{ frame: 'PING' }],
      written((out) => writePing(out, 0)),
    ),
    seal(
      'server',
      1,
      70_005,
      4,
      [{ frame: 'PING' }],
      written((out) => writePing(out, 0)),
    ),
    seal(
      'client',
      2,
      2 ** 32 + 5,
      4,
      [{ frame: 'PING' }],
      written((out) => writePing(out, 0)),
    ),
    seal(
      'client',
      2,
      2 ** 32 + 6,
      2,
      [{ frame: 'CLOSE', code: 300, reason: 'goodbye' }],
      written((out) => writeClose(out, 0, 300, ascii('goodbye'))),
    ),
    seal(
      'client',
      0,
      0,
      2,
      [{ frame: 'PING' }],
      written((out) => writePing(out, 0)),
      true,
    ),
  ]
}

type FramesAndPlaintext = [Record<string, unknown>[], Uint8Array]

const upTo = (end: number): number[] => Array.from({ length: end }, (_, number) => number)

/** Everything up to `largest` but a long burst and single losses before the newest 33. */
function withoutBursts(largest: number): number[] {
  return upTo(largest + 1).filter(
    (number) => !(number >= 100 && number < 150) && number !== 200 && number !== 361 && number !== 399,
  )
}

function ackVector(received: number[], delayMs: number, usesLongNumbers = false): FramesAndPlaintext {
  const packets = new ReceivedPackets((received[0] ?? 0) - 1)
  const tracker = new AckTracker(packets)
  for (const number of received) {
    const previous = packets.largest
    packets.add(number)
    tracker.onPacket(number, previous, usesLongNumbers ? 4 : 2, ELICITS_PROMPTLY, 100, 0)
  }
  // The sender of packet 69,980 knows the fate of everything before it, so no ranges are needed.
  if (usesLongNumbers) tracker.onAckArrived(69_980)
  const plaintext = written((out) => tracker.write(out, 0, 1_000, delayMs))
  const largest = Math.max(...received)
  const from = received[0] ?? 0
  const missing = upTo(largest).filter((number) => number >= from && !received.includes(number))
  return [[{ frame: 'ACK', largest, delayMs, missing: missing.reverse() }], plaintext]
}

const MODES = ['reliable-ordered', 'reliable-unordered', 'unreliable-sequenced', 'unreliable'] as const

function messageVector(
  mode: number,
  channel: number,
  sequence: number,
  text: string,
  form: 'whole' | 'with length, then PADDING',
): FramesAndPlaintext {
  const data = ascii(text)
  const plaintext = written((out) => {
    const at = writeMessageHeader(out, 0, channel, mode, sequence, 0, 1, data.length)
    out.set(data, at)
    const end = at + data.length
    return form === 'whole' ? stripMessageLength(out, 0, end) : end + 3
  })
  return [[{ frame: 'MESSAGE', mode: MODES[mode], channel, sequence, data: hex(data) }], plaintext]
}

function fragmentVector(
  mode: number,
  channel: number,
  sequence: number,
  fragmentIndex: number,
  fragmentCount: number,
): FramesAndPlaintext {
  const isLast = fragmentIndex === fragmentCount - 1
  const data = new Uint8Array(isLast ? 100 : FRAGMENT_BYTES).fill(0x5a)
  const plaintext = written((out) => {
    const at = writeMessageHeader(out, 0, channel, mode, sequence, fragmentIndex, fragmentCount, data.length)
    out.set(data, at)
    return stripMessageLength(out, 0, at + data.length)
  })
  return [
    [
      {
        frame: 'MESSAGE',
        mode: MODES[mode],
        channel,
        sequence,
        fragmentIndex,
        fragmentCount,
        data: hex(data),
      },
    ],
    plaintext,
  ]
}

function pathVector(frame: 'PATH_CHALLENGE' | 'PATH_RESPONSE'): FramesAndPlaintext {
  const type = frame === 'PATH_CHALLENGE' ? FrameType.PathChallenge : FrameType.PathResponse
  const data = counted(8, 0x30)
  return [[{ frame, data: hex(data) }], written((out) => writePathFrame(out, 0, type, data))]
}
