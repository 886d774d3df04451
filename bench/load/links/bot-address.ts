const BOTS_PER_PREFIX = 64
const PREFIXES_PER_BLOCK = 256
/** 127.16.0.0 and up: nobody else is there. */
const FIRST_BLOCK = 16
const BLOCKS = 240
const LOOPBACK = 127

/**
 * An address of its own for each bot. On Linux all of 127.0.0.0/8 is this machine; and so the server's limits, which count by
 * address and by /24, can all stay on.
 */
export function botAddress(index: number): string {
  const number = botAddressNumber(index)
  return [number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff].join('.')
}

/** As {@link botAddress}, as a number: 127.16.0.1 is 0x7f100001. */
export function botAddressNumber(index: number): number {
  const prefix = Math.floor(index / BOTS_PER_PREFIX)
  const block = FIRST_BLOCK + (Math.floor(prefix / PREFIXES_PER_BLOCK) % BLOCKS)
  return (
    ((LOOPBACK << 24) |
      (block << 16) |
      ((prefix % PREFIXES_PER_BLOCK) << 8) |
      (1 + (index % BOTS_PER_PREFIX))) >>>
    0
  )
}

/** The bot that has this address; -1 when none has. */
export function botOfAddress(address: number): number {
  const block = ((address >>> 16) & 0xff) - FIRST_BLOCK
  const within = (address & 0xff) - 1
  if (address >>> 24 !== LOOPBACK || block < 0 || within < 0 || within >= BOTS_PER_PREFIX) return -1
  return (block * PREFIXES_PER_BLOCK + ((address >>> 8) & 0xff)) * BOTS_PER_PREFIX + within
}
