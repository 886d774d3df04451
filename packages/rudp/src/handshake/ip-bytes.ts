import { isIPv4, isIPv6 } from 'node:net'

/**
 * The 4 or 16 bytes of a numeric address, in network order.
 * @throws RangeError when the text is not a numeric address; scope ids (`%eth0`) are not addresses of a server
 */
export function ipBytes(ip: string): Uint8Array {
  if (isIPv4(ip)) return Uint8Array.from(ip.split('.'), Number)
  if (!isIPv6(ip) || ip.includes('%')) throw new RangeError(`Not a numeric address: ${ip}`)
  // The URL parser writes an IPv6 address in its shortest form, an embedded IPv4 part included.
  const shortest = new URL(`http://[${ip}]/`).hostname.slice(1, -1)
  const [left = '', right] = shortest.split('::')
  const leftGroups = groups(left)
  const rightGroups = right === undefined ? [] : groups(right)
  const zeros = right === undefined ? 0 : 8 - leftGroups.length - rightGroups.length
  const words = [...leftGroups, ...new Array<number>(zeros).fill(0), ...rightGroups]
  return Uint8Array.from(words.flatMap((word) => [word >>> 8, word & 0xff]))
}

/** The text of 4 or 16 address bytes, IPv6 in the shortest form. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const words = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  )
  return new URL(`http://[${words.join(':')}]/`).hostname.slice(1, -1)
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
