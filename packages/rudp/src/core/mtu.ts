/** Path MTU discovery (RFC 8899). Off by default: see the option. */
export interface MtuOptions {
  /**
   * Look for datagrams larger than 1200 bytes. Correct only where the socket forbids fragmentation (DF), which
   * `node:dgram` cannot; elsewhere a probe may succeed in fragments.
   */
  readonly discovery?: boolean
  /** Never above this, in bytes of UDP payload. Default 1472. */
  readonly maxBytes?: number
}
