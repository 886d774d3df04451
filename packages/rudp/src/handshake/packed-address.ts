import type { Address } from '../endpoint/address.ts'
import { readUint16, writeUint16 } from './bytes.ts'
import { ipBytes, ipText } from './ip-bytes.ts'

// family u8 (4 or 6) | address 4 or 16, network order | port u16

/** The longest packed address. */
export const MAX_PACKED_ADDRESS_BYTES = 19

/** @throws RangeError when the address is not numeric */
export function packAddress({ ip, port }: Address): Uint8Array {
  const bytes = ipBytes(ip)
  const packed = new Uint8Array(1 + bytes.length + 2)
  packed[0] = bytes.length === 4 ? 4 : 6
  packed.set(bytes, 1)
  writeUint16(packed, 1 + bytes.length, port)
  return packed
}

/** @returns the address and the offset behind it; undefined when there is no whole address at the offset */
export function unpackAddress(
  buffer: Uint8Array,
  offset: number,
): { readonly address: Address; readonly end: number } | undefined {
  const family = buffer[offset]
  if (family !== 4 && family !== 6) return undefined
  const portOffset = offset + 1 + (family === 4 ? 4 : 16)
  const end = portOffset + 2
  if (end > buffer.length) return undefined
  const ip = ipText(buffer.subarray(offset + 1, portOffset))
  return { address: { ip, port: readUint16(buffer, portOffset) }, end }
}
