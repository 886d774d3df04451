/**
 * The part of an address that one customer of a network shares: /24 of IPv4, /56 of IPv6. Takes numeric addresses
 * as sockets report them; an IPv4 address mapped into IPv6 counts as IPv4.
 */
export function addressPrefix(ip: string): string {
  const mapped = ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice('::ffff:'.length) : ip
  if (!mapped.includes(':')) return mapped.slice(0, mapped.lastIndexOf('.'))
  const [left = '', right] = mapped.split('::')
  const leftGroups = left === '' ? [] : left.split(':')
  const rightGroups = right === undefined || right === '' ? [] : right.split(':')
  const zeros = right === undefined ? 0 : 8 - leftGroups.length - rightGroups.length
  const words = [...leftGroups, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...rightGroups]
  const fourth = Number.parseInt(words[3] ?? '0', 16) & 0xff00
  return `${words.slice(0, 3).join(':')}:${fourth.toString(16)}`
}
