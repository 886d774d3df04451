import { concatBytes, readUint16, readUint64, writeUint16, writeUint64 } from './bytes.ts'
import { CLIENT_SECRET_BYTES, type ConnectToken, MAX_TOKEN_ADDRESSES } from './connect-token-fields.ts'
import { ipBytes, ipText } from './ip-bytes.ts'
import { PROTOCOL_ID_BYTES } from './long-header.ts'

// format u8 (1) | protocolId 8 | expiresAtMs u64 | clientSecret 32
// | addressCount u8 | count x { family u8 | address 4 or 16 | port u16 } | sealed token, to the end

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
  const addresses = token.addresses.map(({ ip, port }) => {
    const bytes = ipBytes(ip)
    const portBytes = new Uint8Array(2)
    writeUint16(portBytes, 0, port)
    return concatBytes(Uint8Array.of(bytes.length === 4 ? 4 : 6), bytes, portBytes)
  })
  return Buffer.from(concatBytes(head, ...addresses, token.sealed)).toString('base64url')
}

/** @returns undefined when the text was not made by {@link formatConnectToken} */
export function parseConnectToken(text: string): ConnectToken | undefined {
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
  if (bytes[0] !== FORMAT || bytes.length <= COUNT_OFFSET) return undefined
  const count = bytes[COUNT_OFFSET] ?? 0
  if (count > MAX_TOKEN_ADDRESSES) return undefined
  const addresses = []
  let offset = COUNT_OFFSET + 1
  for (let index = 0; index < count; index += 1) {
    const family = bytes[offset]
    if (family !== 4 && family !== 6) return undefined
    const ipEnd = offset + 1 + (family === 4 ? 4 : 16)
    if (ipEnd + 2 > bytes.length) return undefined
    addresses.push({ ip: ipText(bytes.subarray(offset + 1, ipEnd)), port: readUint16(bytes, ipEnd) })
    offset = ipEnd + 2
  }
  return {
    protocolId: bytes.slice(1, EXPIRES_OFFSET),
    expiresAtMs: readUint64(bytes, EXPIRES_OFFSET),
    addresses,
    clientSecret: bytes.slice(SECRET_OFFSET, COUNT_OFFSET),
    sealed: bytes.slice(offset),
  }
}
