const BOTS_PER_PREFIX = 64
const PREFIXES_PER_BLOCK = 256
/** 127.16.0.0 and up: nobody else is there. */
const FIRST_BLOCK = 16
const BLOCKS = 240

/**
 * An address of its own for each bot. On Linux all of 127.0.0.0/8 is this machine; and so the server's limits, which count by
 * address and by /24, can all stay on.
 */
export function botAddress(index: number): string {
  const prefix = Math.floor(index / BOTS_PER_PREFIX)
  const block = FIRST_BLOCK + (Math.floor(prefix / PREFIXES_PER_BLOCK) % BLOCKS)
  return `127.${block}.${prefix % PREFIXES_PER_BLOCK}.${1 + (index % BOTS_PER_PREFIX)}`
}
