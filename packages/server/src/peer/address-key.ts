import ipaddr from 'ipaddr.js'

/** Whoever has one IPv6 address has the /64 around it, too (RFC 6177). */
const IPV6_PREFIX_BYTES = 8

/**
 * What limits per address count by: an IPv4 address, or the /64 of an IPv6 one. `::ffff:192.0.2.1` is 192.0.2.1.
 * What is no IP address (a transport of the program's own may say anything) counts as it is.
 */
export function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const ip = ipaddr.process(address)
  if (ip.kind() === 'ipv4') return ip.toString()
  return Buffer.from(ip.toByteArray().slice(0, IPV6_PREFIX_BYTES)).toString('hex')
}
