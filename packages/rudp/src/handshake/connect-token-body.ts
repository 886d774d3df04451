import { readUint16, readUint32, readUint64, writeUint16, writeUint32, writeUint64 } from './bytes.ts'
import {
  CLIENT_SECRET_BYTES,
  MAX_TOKEN_ADDRESSES,
  MAX_USER_DATA_BYTES,
  MAX_USER_ID_BYTES,
  type TokenAddress,
  type TokenBody,
} from './connect-token-fields.ts'
import { MAX_PACKED_ADDRESS_BYTES, packAddress, unpackAddress } from './packed-address.ts'

// issuedAtMs u64 | expiresAtMs u64 | clientSecret 32 | packetsPerSecondIn u32 | bytesPerSecondIn u32
// | userIdLen u8 | userId UTF-8 | userDataLen u16 | userData
// | addressCount u8 | count x { worker u8 | packed address }

const EXPIRES_OFFSET = 8
const SECRET_OFFSET = 16
const PACKET_RATE_OFFSET = SECRET_OFFSET + CLIENT_SECRET_BYTES
const BYTE_RATE_OFFSET = PACKET_RATE_OFFSET + 4
const USER_ID_OFFSET = BYTE_RATE_OFFSET + 4
const MAX_BODY_BYTES =
  USER_ID_OFFSET +
  (1 + MAX_USER_ID_BYTES) +
  (2 + MAX_USER_DATA_BYTES) +
  (1 + MAX_TOKEN_ADDRESSES * (1 + MAX_PACKED_ADDRESS_BYTES))

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true })

/** @throws RangeError when a field is longer than it may be or an address is not numeric */
export function encodeTokenBody(body: TokenBody): Uint8Array {
  const userId = textEncoder.encode(body.userId)
  if (userId.length > MAX_USER_ID_BYTES) {
    throw new RangeError(`A user id has at most ${MAX_USER_ID_BYTES} bytes`)
  }
  if (body.userData.length > MAX_USER_DATA_BYTES) {
    throw new RangeError(`User data has at most ${MAX_USER_DATA_BYTES} bytes`)
  }
  if (body.addresses.length === 0 || body.addresses.length > MAX_TOKEN_ADDRESSES) {
    throw new RangeError(`A token names 1 to ${MAX_TOKEN_ADDRESSES} addresses`)
  }
  const out = new Uint8Array(MAX_BODY_BYTES)
  writeUint64(out, 0, body.issuedAtMs)
  writeUint64(out, EXPIRES_OFFSET, body.expiresAtMs)
  out.set(body.clientSecret, SECRET_OFFSET)
  writeUint32(out, PACKET_RATE_OFFSET, body.limits.packetsPerSecondIn)
  writeUint32(out, BYTE_RATE_OFFSET, body.limits.bytesPerSecondIn)
  let offset = USER_ID_OFFSET
  out[offset] = userId.length
  out.set(userId, offset + 1)
  offset += 1 + userId.length
  writeUint16(out, offset, body.userData.length)
  out.set(body.userData, offset + 2)
  offset += 2 + body.userData.length
  out[offset] = body.addresses.length
  offset += 1
  for (const address of body.addresses) {
    const packed = packAddress(address)
    out[offset] = address.worker
    out.set(packed, offset + 1)
    offset += 1 + packed.length
  }
  return out.slice(0, offset)
}

/** @returns undefined when a length does not fit: such a token was not sealed by {@link encodeTokenBody} */
export function decodeTokenBody(plain: Uint8Array): TokenBody | undefined {
  if (plain.length <= USER_ID_OFFSET) return undefined
  const userIdLength = plain[USER_ID_OFFSET] ?? 0
  const dataLengthOffset = USER_ID_OFFSET + 1 + userIdLength
  if (plain.length < dataLengthOffset + 2) return undefined
  const dataLength = readUint16(plain, dataLengthOffset)
  const addressesOffset = dataLengthOffset + 2 + dataLength
  if (plain.length <= addressesOffset) return undefined
  const userId = decodeText(plain.subarray(USER_ID_OFFSET + 1, dataLengthOffset))
  const addresses = decodeAddresses(plain, addressesOffset)
  if (userId === undefined || addresses === undefined) return undefined
  return {
    issuedAtMs: readUint64(plain, 0),
    expiresAtMs: readUint64(plain, EXPIRES_OFFSET),
    clientSecret: plain.slice(SECRET_OFFSET, PACKET_RATE_OFFSET),
    limits: {
      packetsPerSecondIn: readUint32(plain, PACKET_RATE_OFFSET),
      bytesPerSecondIn: readUint32(plain, BYTE_RATE_OFFSET),
    },
    userId,
    userData: plain.slice(dataLengthOffset + 2, addressesOffset),
    addresses,
  }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return textDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

function decodeAddresses(plain: Uint8Array, offset: number): TokenAddress[] | undefined {
  const addresses: TokenAddress[] = []
  let at = offset + 1
  for (let left = plain[offset] ?? 0; left > 0; left -= 1) {
    const unpacked = unpackAddress(plain, at + 1)
    if (unpacked === undefined) return undefined
    addresses.push({ worker: plain[at] ?? 0, ...unpacked.address })
    at = unpacked.end
  }
  return at === plain.length ? addresses : undefined
}
