import { KaosError } from './errors.ts'
import { WireLimits } from './limits.ts'

/**
 * Checks that `bytes` hold exactly one MessagePack value of the kinds the protocol uses, before anything is
 * allocated for it: nil, bool, int, float, str (valid UTF-8), bin, array, map with str keys; no extension types.
 * The elements announced never exceed the bytes that are left, and nesting is bounded, so a short payload cannot ask
 * the decoder for much memory. Messages give the byte offset.
 *
 * @throws {KaosError} INVALID_MESSAGEPACK
 */
export function scanMessagePack(bytes: Uint8Array, maxDepth: number = WireLimits.payloadDepth): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const openCounts: number[] = []
  const openIsMap: boolean[] = []
  let offset = 0
  let pending = 1

  const need = (count: number): void => {
    if (offset + count > bytes.length)
      fail(offset, `needs ${count} more byte(s), ${bytes.length - offset} left`)
  }
  const readLength = (size: 1 | 2 | 4): number => {
    need(size)
    const at = offset
    offset += size
    return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at)
  }
  const skip = (length: number): void => {
    need(length)
    offset += length
  }
  const text = (length: number): void => {
    need(length)
    if (!isUtf8(bytes, offset, length)) fail(offset, 'a string is not valid UTF-8')
    offset += length
  }
  const open = (count: number, isMap: boolean): void => {
    const elements = isMap ? count * 2 : count
    pending += elements
    if (pending > bytes.length - offset) {
      fail(offset, `announces ${elements} element(s), ${bytes.length - offset} byte(s) left`)
    }
    if (openCounts.length >= maxDepth) fail(offset, `nests deeper than ${maxDepth}`)
    openCounts.push(elements)
    openIsMap.push(isMap)
  }

  do {
    const level = openCounts.length - 1
    const isKey = level >= 0 && openIsMap[level] === true && (openCounts[level] as number) % 2 === 0
    need(1)
    const at = offset
    const head = bytes[offset++] as number
    pending--
    if (level >= 0) (openCounts[level] as number) -= 1
    if (isKey && !isStringHead(head)) fail(at, 'a map key is not a string')

    if (head <= 0x7f || head >= 0xe0) {
      // fixint
    } else if (head <= 0x8f) open(head & 0x0f, true)
    else if (head <= 0x9f) open(head & 0x0f, false)
    else if (head <= 0xbf) text(head & 0x1f)
    else {
      switch (head) {
        case 0xc0: // nil
        case 0xc2: // false
        case 0xc3: // true
          break
        case 0xc4:
          skip(readLength(1))
          break
        case 0xc5:
          skip(readLength(2))
          break
        case 0xc6:
          skip(readLength(4))
          break
        case 0xca: // float 32
        case 0xce: // uint 32
        case 0xd2: // int 32
          skip(4)
          break
        case 0xcb: // float 64
        case 0xcf: // uint 64
        case 0xd3: // int 64
          skip(8)
          break
        case 0xcc: // uint 8
        case 0xd0: // int 8
          skip(1)
          break
        case 0xcd: // uint 16
        case 0xd1: // int 16
          skip(2)
          break
        case 0xd9:
          text(readLength(1))
          break
        case 0xda:
          text(readLength(2))
          break
        case 0xdb:
          text(readLength(4))
          break
        case 0xdc:
          open(readLength(2), false)
          break
        case 0xdd:
          open(readLength(4), false)
          break
        case 0xde:
          open(readLength(2), true)
          break
        case 0xdf:
          open(readLength(4), true)
          break
        default:
          fail(at, `type 0x${head.toString(16)} is not allowed (extension types are not used)`)
      }
    }
    while (openCounts.length > 0 && openCounts[openCounts.length - 1] === 0) {
      openCounts.pop()
      openIsMap.pop()
    }
  } while (pending > 0)

  if (offset !== bytes.length) fail(offset, `${bytes.length - offset} byte(s) follow the value`)
}

function fail(offset: number, what: string): never {
  throw new KaosError('INVALID_MESSAGEPACK', `invalid MessagePack at offset ${offset}: ${what}`)
}

function isStringHead(head: number): boolean {
  return (head >= 0xa0 && head <= 0xbf) || (head >= 0xd9 && head <= 0xdb)
}

function isUtf8(bytes: Uint8Array, offset: number, length: number): boolean {
  const end = offset + length
  let index = offset
  while (index < end && (bytes[index] as number) < 0x80) index++
  if (index === end) return true
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(index, end))
    return true
  } catch {
    return false
  }
}
