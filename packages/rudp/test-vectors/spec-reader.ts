/**
 * Reads KRP2 the way a stranger would who has nothing but `docs/transport.md` and a standard library. It shares no
 * code with the implementation, so that an error in one shows against the other.
 */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto'

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

// --- Key schedule -------------------------------------------------------------------------------------------------

export function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sha256', key).update(data).digest()
}

/** HKDF-Expand for up to 32 bytes. */
export function expand(secret: Uint8Array, label: string | Uint8Array, length: number): Buffer {
  return hmac(secret, Buffer.concat([Buffer.from(label), Buffer.of(1)])).subarray(0, length)
}

export function x25519(privateKey: Buffer, publicKey: Buffer): Buffer {
  const privateDer = Buffer.concat([bytes('302e020100300506032b656e04220420'), privateKey])
  const publicDer = Buffer.concat([bytes('302a300506032b656e032100'), publicKey])
  return diffieHellman({
    privateKey: createPrivateKey({ key: privateDer, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: publicDer, format: 'der', type: 'spki' }),
  })
}

export function proofOf(authSecret: Buffer, signed: Buffer): Buffer {
  return hmac(hmac(Buffer.from('krp2 connect'), authSecret), signed).subarray(0, 16)
}

export function secretsOf(
  connect: Buffer,
  serverPublicKey: Buffer,
  acceptHeader: Buffer,
  authSecret: Buffer,
  shared: Buffer,
): { hs: Buffer; c2s: Buffer; s2c: Buffer } {
  const transcript = createHash('sha256')
    .update('krp2 transcript')
    .update(connect)
    .update(serverPublicKey)
    .update(acceptHeader)
    .digest()
  const prk = hmac(transcript, Buffer.concat([authSecret, shared]))
  return {
    hs: expand(prk, 'krp2 hs', 32),
    c2s: expand(prk, 'krp2 c2s', 32),
    s2c: expand(prk, 'krp2 s2c', 32),
  }
}

export function trafficKeys(secret: Buffer, generation = 0): { secret: Buffer; key: Buffer; iv: Buffer } {
  let current = secret
  for (let step = 0; step < generation; step += 1) current = expand(current, 'krp2 ku', 32)
  return { secret: current, key: expand(current, 'krp2 key', 32), iv: expand(current, 'krp2 iv', 12) }
}

/** Opens `ciphertext | tag`. Throws when it is not authentic. */
export function open(key: Buffer, nonce: Buffer, associated: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  decipher.setAAD(associated, { plaintextLength: sealed.length - 16 })
  decipher.setAuthTag(sealed.subarray(sealed.length - 16))
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - 16)), decipher.final()])
}

export function nonceOf(iv: Buffer, packetNumber: number): Buffer {
  const nonce = Buffer.from(iv)
  const number = Buffer.alloc(8)
  number.writeBigUInt64LE(BigInt(packetNumber))
  for (let index = 0; index < 8; index += 1) nonce[4 + index]! ^= number[index]!
  return nonce
}

// --- Long packets -------------------------------------------------------------------------------------------------

export function readLongHeader(packet: Buffer) {
  return {
    type: packet[0],
    magic: packet.toString('latin1', 1, 5),
    version: packet.readUInt16LE(5),
    clientNonce: packet.toString('hex', 7, 15),
  }
}

export function readConnect(packet: Buffer) {
  const tokenLength = packet.readUInt16LE(76)
  const signedLength = 78 + tokenLength
  return {
    protocolId: packet.toString('hex', 15, 23),
    addressToken: packet.toString('hex', 23, 44),
    ephemeral: packet.toString('hex', 44, 76),
    token: packet.subarray(78, signedLength),
    signed: packet.subarray(0, signedLength),
    proof: packet.subarray(signedLength, signedLength + 16),
  }
}

export function readAcceptBody(plain: Buffer) {
  return {
    connectionId: plain.toString('hex', 0, 8),
    resetToken: plain.toString('hex', 8, 24),
    idleTimeoutMs: plain.readUInt32LE(24),
    maxDatagramBytes: plain.readUInt16LE(28),
    tickCentiHz: plain.readUInt16LE(30),
    packetsPerSecondIn: plain.readUInt32LE(32),
    bytesPerSecondIn: plain.readUInt32LE(36),
    maxMessageBytes: plain.readUInt32LE(40),
    maxPartialMessages: plain.readUInt16LE(44),
    length: plain.length,
  }
}

export function readTokenBody(plain: Buffer) {
  const userIdEnd = 57 + plain[56]!
  const dataEnd = userIdEnd + 2 + plain.readUInt16LE(userIdEnd)
  const addresses = []
  let at = dataEnd + 1
  for (let left = plain[dataEnd]!; left > 0; left -= 1) {
    const isV4 = plain[at + 1] === 4
    const end = at + 2 + (isV4 ? 4 : 16)
    const ip = plain.subarray(at + 2, end)
    addresses.push({
      worker: plain[at],
      ip: isV4 ? ip.join('.') : ip.toString('hex'),
      port: plain.readUInt16LE(end),
    })
    at = end + 2
  }
  return {
    issuedAtMs: Number(plain.readBigUInt64LE(0)),
    expiresAtMs: Number(plain.readBigUInt64LE(8)),
    clientSecret: plain.toString('hex', 16, 48),
    packetsPerSecondIn: plain.readUInt32LE(48),
    bytesPerSecondIn: plain.readUInt32LE(52),
    userId: plain.toString('utf8', 57, userIdEnd),
    userData: plain.toString('hex', userIdEnd + 2, dataEnd),
    addresses,
    end: at,
  }
}

// --- Short packets ------------------------------------------------------------------------------------------------

export function readShortHeader(packet: Buffer, from: 'client' | 'server') {
  const flags = packet[0]!
  const numberBytes = ((flags >> 1) & 3) + 1
  const numberAt = from === 'client' ? 9 : 1
  return {
    isShort: (flags & 0xc0) === 0x40,
    reserved: flags & 0x18,
    keyPhase: (flags >> 5) & 1,
    connectionId: packet.toString('hex', 1, numberAt),
    numberBytes,
    truncated: packet.readUIntLE(numberAt, numberBytes),
    length: numberAt + numberBytes,
  }
}

/** The number nearest to `expected` that ends in the truncated bytes. */
export function fullNumber(truncated: number, numberBytes: number, expected: number): number {
  const span = 2 ** (8 * numberBytes)
  const base = Math.floor(expected / span) * span + truncated
  const candidates = [base - span, base, base + span].filter((number) => number >= 0)
  return candidates.reduce((best, number) =>
    Math.abs(number - expected) < Math.abs(best - expected) ? number : best,
  )
}

interface Cursor {
  readonly plain: Buffer
  at: number
}

function varint(cursor: Cursor): number {
  const first = cursor.plain[cursor.at]!
  const size = [1, 2, 4][first >> 6]
  if (size === undefined) throw new Error('reserved varint prefix')
  const value = cursor.plain.readUIntBE(cursor.at, size) - (first >> 6) * 2 ** (8 * size - 2)
  cursor.at += size
  return value
}

const MODES = ['reliable-ordered', 'reliable-unordered', 'unreliable-sequenced', 'unreliable']

/** All frames of a plaintext; runs of PADDING are left out. `next` is the number of the receiver's next packet. */
export function readFrames(plain: Buffer, next: number): Record<string, unknown>[] {
  const cursor: Cursor = { plain, at: 0 }
  const frames = []
  while (cursor.at < plain.length) {
    const type = plain[cursor.at]!
    cursor.at += 1
    if (type !== 0) frames.push(readFrame(type, cursor, next))
  }
  return frames
}

function readFrame(type: number, cursor: Cursor, next: number): Record<string, unknown> {
  const { plain } = cursor
  const take = (length: number): Buffer => {
    cursor.at += length
    return plain.subarray(cursor.at - length, cursor.at)
  }
  if (type === 0x01) return { frame: 'PING' }
  if (type === 0x04) {
    const code = take(2).readUInt16LE()
    return { frame: 'CLOSE', code, reason: take(take(1)[0]!).toString('utf8') }
  }
  if (type === 0x05) return { frame: 'PATH_CHALLENGE', data: take(8).toString('hex') }
  if (type === 0x06) return { frame: 'PATH_RESPONSE', data: take(8).toString('hex') }
  if (type === 0x07) return { frame: 'CREDIT', channel: take(1)[0], bytes: take(4).readUInt32LE() }
  if (type === 0x08) return { frame: 'RESUME', ticket: take(take(1)[0]!).toString('hex') }
  if (type === 0x09)
    return { frame: 'TICK', tick: take(4).readUInt32LE(), microsInTick: take(2).readUInt16LE() }
  if (type >= 0x10 && type <= 0x17) return readAck(type, cursor, next)
  if (type >= 0x20 && type <= 0x3f) return readMessage(type, cursor)
  throw new Error(`unknown frame type ${type}`)
}

function readAck(type: number, cursor: Cursor, next: number): Record<string, unknown> {
  const { plain } = cursor
  const largestBytes = (type & 4) !== 0 ? 4 : 2
  const largest = fullNumber(plain.readUIntLE(cursor.at, largestBytes), largestBytes, next)
  const delay = plain.readUInt16LE(cursor.at + largestBytes)
  cursor.at += largestBytes + 2
  let bits = 0xffffffff
  if ((type & 2) !== 0) {
    bits = plain.readUInt32LE(cursor.at)
    cursor.at += 4
  }
  const missing: number[] = []
  for (let index = 0; index < 32; index += 1) {
    if (((bits >>> index) & 1) === 0 && largest - 1 - index >= 0) missing.push(largest - 1 - index)
  }
  if ((type & 1) !== 0) {
    const floor = largest - varint(cursor)
    let at = largest - 33
    for (let left = plain[cursor.at++]!; left > 0; left -= 1) {
      at -= varint(cursor)
      for (let count = varint(cursor); count > 0; count -= 1) missing.push(at--)
    }
    if (at < floor - 1) throw new Error('ranges pass the floor')
  }
  return { frame: 'ACK', largest, delayMs: delay * 0.064, missing }
}

function readMessage(type: number, cursor: Cursor): Record<string, unknown> {
  const { plain } = cursor
  const mode = (type >> 3) & 3
  const isFragment = (type & 4) !== 0
  const channel = plain[cursor.at++]
  let sequence = -1
  if (mode !== 3 || isFragment) {
    sequence = plain.readUInt16LE(cursor.at)
    cursor.at += 2
  }
  const fragment = isFragment ? { fragmentIndex: varint(cursor), fragmentCount: varint(cursor) } : {}
  const length = (type & 2) !== 0 ? varint(cursor) : plain.length - cursor.at
  const data = plain.toString('hex', cursor.at, cursor.at + length)
  cursor.at += length
  return { frame: 'MESSAGE', mode: MODES[mode], channel, sequence, ...fragment, data }
}
