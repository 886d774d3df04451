import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** Whether text is an IP address or a range of them (RFC 4632), in a form that {@link ClientAddress} takes. */
export function isAddressRange(text: string): boolean {
  const [address = '', bits] = text.split('/')
  if (isIP(address) === 0 || address.includes('%')) return false
  // 10.0.0.1 is how such a range is written: this one would match nothing.
  if (ipaddr.process(address).kind() !== ipaddr.parse(address).kind()) return false
  return bits === undefined || ipaddr.isValidCIDR(text)
}

/** Tells the address of the client that a request comes from, also behind proxies that are trusted to know it. */
export class ClientAddress {
  readonly #trusted: readonly Range[]

  /** @param trustedProxies Each as {@link isAddressRange} takes it. */
  constructor(trustedProxies: readonly string[]) {
    this.#trusted = trustedProxies.map((text) =>
      ipaddr.parseCIDR(text.includes('/') ? text : `${text}/${isIP(text) === 6 ? 128 : 32}`),
    )
  }

  /**
   * The other end of the connection, unless that is a trusted proxy: then the last hop of `X-Forwarded-For` that is not one.
   * Each proxy appends the address it sees, so whatever stands left of that hop is what a client has made up.
   */
  of(request: IncomingMessage): string {
    let address = request.socket.remoteAddress ?? 'unknown'
    if (!this.#isTrusted(address)) return address
    const header = request.headers['x-forwarded-for'] ?? ''
    const hops = (typeof header === 'string' ? header : header.join()).split(',')
    for (const hop of hops.reverse()) {
      const named = hop.trim()
      // A proxy that writes anything else is all that is known.
      if (isIP(named) === 0) return address
      address = named
      if (!this.#isTrusted(address)) return address
    }
    return address
  }

  #isTrusted(address: string): boolean {
    if (this.#trusted.length === 0 || isIP(address) === 0) return false
    const ip = ipaddr.process(address)
    return this.#trusted.some((range) => range[0].kind() === ip.kind() && ip.match(range))
  }
}
