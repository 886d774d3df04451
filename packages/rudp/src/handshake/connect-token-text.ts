import type { Address } from '../endpoint/address.ts'
import { concatBytes, readUint64, writeUint64 } from './bytes.ts'
import { CLIENT_SECRET_BYTES, type ConnectToken, MAX_TOKEN_ADDRESSES } from './connect-token-fields.ts'
import { PROTOCOL_ID_BYTES } from './long-header.ts'
import { packAddress, unpackAddress } from './packed-address.ts'

// format u8 (1) | protocolId 8 | expiresAtMs u64 | clientSecret 32
// | addressCount u8 | count x packed address | sealed token, to the end

const FORMAT = 1
const EXPIRES_OFFSET = 1 + PROTOCOL_ID_BYTES
const SECRET_OFFSET = EXPIRES_OFFSET + 8
const COUNT_OFFSET = SECRET_OFFSET + CLIENT_SECRET_BYTES

/** A connect token as one base64url string, for the JSON answer of a login. Keep it out of URLs and logs. */
export function formatConnectToken(token: ConnectToken): string {
  const head = new Uint8Array(COUNT_OFFSET + 1)
  head[0] = FORMAT
  head.set(token.protocolId, 1)
  writeUint64(head, EXPIRES_OFFSET, token.expiresAtMs)
  head.set(token.clientSecret, SECRET_OFFSET)
  head[COUNT_OFFSET] = token.addresses.length
  const addresses = token.addresses.map(packAddress)
  return Buffer.from(concatBytes(head, ...addresses, token.sealed)).toString('base64url')
}

/** @returns undefined when the text was not made by {@link formatConnectToken} */
export function parseConnectToken(text: string): ConnectToken | undefined {
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
  if (bytes[0] !== FORMAT || bytes.length <= COUNT_OFFSET) return undefined
  const count = bytes[COUNT_OFFSET] ?? 0
  if (count > MAX_TOKEN_ADDRESSES) return undefined
  const addresses: Address[] = []
  let offset = COUNT_OFFSET + 1
  for (let left = count; left > 0; left -= 1) {
    const unpacked = unpackAddress(bytes, offset)
    if (unpacked === undefined) return undefined
    addresses.push(unpacked.address)
    offset = unpacked.end
  }
  return {
    protocolId: bytes.slice(1, EXPIRES_OFFSET),
    expiresAtMs: readUint64(bytes, EXPIRES_OFFSET),
    addresses,
    clientSecret: bytes.slice(SECRET_OFFSET, COUNT_OFFSET),
    sealed: bytes.slice(offset),
  }
}
