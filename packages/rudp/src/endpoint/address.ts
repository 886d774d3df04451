/** A UDP address: a numeric IPv4 or IPv6 address and a port. */
export interface Address {
  readonly ip: string
  readonly port: number
}
