import { equalBytes } from '../crypto/constant-time.ts'
import { type CryptoProvider, SHA256_BYTES, type SecureRandom } from '../crypto/crypto-provider.ts'
import type { Address } from '../endpoint/address.ts'
import { readUint32, writeUint16, writeUint32 } from './bytes.ts'
import { ADDRESS_TOKEN_BYTES } from './hello-packet.ts'
import { NONCE_BYTES, PROTOCOL_ID_BYTES } from './long-header.ts'

/** A cookie answers one HELLO and is worth nothing after this. */
export const COOKIE_LIFE_MS = 10_000
/** A resume ticket saves its holder the cookie's round trip for this long. */
export const TICKET_LIFE_MS = 3_600_000
const SECRET_LIFE_MS = 60_000
const MAC_BYTES = 16
/** Bit 7 of the epoch byte tells tickets from cookies. */
const TICKET_EPOCH = 0x80
const EPOCH_MASK = 0x7f

const MAX_IP_LENGTH = 45
const IP_OFFSET = 2
const PORT_OFFSET = IP_OFFSET + MAX_IP_LENGTH
const NONCE_OFFSET = PORT_OFFSET + 2
const TIME_OFFSET = NONCE_OFFSET + NONCE_BYTES
const PROTOCOL_ID_OFFSET = TIME_OFFSET + 4
const VERSION_OFFSET = PROTOCOL_ID_OFFSET + PROTOCOL_ID_BYTES
const MAC_INPUT_BYTES = VERSION_OFFSET + 2

export type AddressVerdict = 'valid' | 'expired' | 'forged'

/** The client's packet an address token belongs to. */
export interface AddressClaim {
  readonly remote: Address
  readonly version: number
  /** Buffer and offset of the 8-byte client nonce. */
  readonly nonce: Uint8Array
  readonly nonceOffset: number
  /** Buffer and offset of the 8-byte protocol id. */
  readonly protocolId: Uint8Array
  readonly protocolIdOffset: number
}

interface CookieSecret {
  readonly epoch: number
  readonly key: Uint8Array
}

/**
 * Makes and checks address tokens: proof, without any state per client, that a client receives what is sent to
 * its address. A cookie is bound to address, port, nonce, protocol and version and lives 10 s under a secret
 * that changes every minute. A ticket is bound to address, protocol and version, and lives an hour.
 *
 * A token is `epoch u8 | time u32 | mac 16` with mac = HMAC-SHA256/128 over all of that.
 */
export class AddressValidator {
  readonly #crypto: CryptoProvider
  readonly #random: SecureRandom
  readonly #ticketKey: Uint8Array
  readonly #input = new Uint8Array(MAC_INPUT_BYTES)
  #current: CookieSecret
  #previous: CookieSecret | undefined

  /**
   * @param ticketKey 32 bytes; the same after a restart, so that tickets outlive it
   * @param nowMs monotonic time
   */
  constructor(crypto: CryptoProvider, random: SecureRandom, ticketKey: Uint8Array, nowMs: number) {
    this.#crypto = crypto
    this.#random = random
    this.#ticketKey = ticketKey
    this.#current = this.#newSecret(epochAt(nowMs))
  }

  /** Writes the token of a COOKIE. */
  writeCookieToken(out: Uint8Array, offset: number, claim: AddressClaim, nowMs: number): void {
    this.#rotate(nowMs)
    const { epoch, key } = this.#current
    out[offset] = epoch
    writeUint32(out, offset + 1, Math.trunc(nowMs) % 2 ** 32)
    out.set(this.#cookieMac(key, claim, readUint32(out, offset + 1)).subarray(0, MAC_BYTES), offset + 5)
  }

  /** A ticket that stands in for a cookie at the holder's next connect from the same IP address. */
  issueTicket(remoteIp: string, version: number, protocolId: Uint8Array, wallMs: number): Uint8Array {
    const ticket = new Uint8Array(ADDRESS_TOKEN_BYTES)
    // The low bits vary so that two tickets of one second differ: each is good for one connection.
    const [salt = 0] = this.#randomBytes(1)
    ticket[0] = TICKET_EPOCH | (salt & EPOCH_MASK)
    const timeSeconds = Math.trunc(wallMs / 1000)
    writeUint32(ticket, 1, timeSeconds)
    const mac = this.#ticketMac(ticket[0], remoteIp, version, protocolId, 0, timeSeconds)
    ticket.set(mac.subarray(0, MAC_BYTES), 5)
    return ticket
  }

  /** Checks the token of a CONNECT. */
  check(token: Uint8Array, claim: AddressClaim, nowMs: number, wallMs: number): AddressVerdict {
    const epoch = token[0] ?? 0
    const time = readUint32(token, 1)
    if (isTicket(token)) {
      const { remote, version, protocolId, protocolIdOffset } = claim
      const mac = this.#ticketMac(epoch, remote.ip, version, protocolId, protocolIdOffset, time)
      if (!equalBytes(mac, 0, token, 5, MAC_BYTES)) return 'forged'
      return Math.abs(wallMs - time * 1000) <= TICKET_LIFE_MS ? 'valid' : 'expired'
    }
    this.#rotate(nowMs)
    const secret = this.#current.epoch === epoch ? this.#current : this.#previous
    if (secret?.epoch !== epoch) return 'expired'
    if (!equalBytes(this.#cookieMac(secret.key, claim, time), 0, token, 5, MAC_BYTES)) return 'forged'
    return ageMs(time, nowMs) <= COOKIE_LIFE_MS ? 'valid' : 'expired'
  }

  #rotate(nowMs: number): void {
    const epoch = epochAt(nowMs)
    if (epoch === this.#current.epoch) return
    const isNext = epoch === ((this.#current.epoch + 1) & EPOCH_MASK)
    this.#previous = isNext ? this.#current : undefined
    this.#current = this.#newSecret(epoch)
  }

  #newSecret(epoch: number): CookieSecret {
    return { epoch, key: this.#randomBytes(SHA256_BYTES) }
  }

  #randomBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.#random.fill(bytes)
    return bytes
  }

  #cookieMac(key: Uint8Array, claim: AddressClaim, time: number): Uint8Array {
    const input = this.#input
    this.#writeInput(0, claim.remote.ip, claim.version, claim.protocolId, claim.protocolIdOffset, time)
    writeUint16(input, PORT_OFFSET, claim.remote.port)
    for (let index = 0; index < NONCE_BYTES; index += 1) {
      input[NONCE_OFFSET + index] = claim.nonce[claim.nonceOffset + index] ?? 0
    }
    return this.#crypto.hmacSha256(key, input)
  }

  #ticketMac(
    epoch: number,
    remoteIp: string,
    version: number,
    protocolId: Uint8Array,
    protocolIdOffset: number,
    time: number,
  ): Uint8Array {
    this.#writeInput(epoch, remoteIp, version, protocolId, protocolIdOffset, time)
    return this.#crypto.hmacSha256(this.#ticketKey, this.#input)
  }

  #writeInput(
    kind: number,
    remoteIp: string,
    version: number,
    protocolId: Uint8Array,
    protocolIdOffset: number,
    time: number,
  ): void {
    const input = this.#input
    input.fill(0)
    input[0] = kind
    input[1] = remoteIp.length
    for (let index = 0; index < remoteIp.length && index < MAX_IP_LENGTH; index += 1) {
      input[IP_OFFSET + index] = remoteIp.charCodeAt(index)
    }
    writeUint32(input, TIME_OFFSET, time)
    for (let index = 0; index < PROTOCOL_ID_BYTES; index += 1) {
      input[PROTOCOL_ID_OFFSET + index] = protocolId[protocolIdOffset + index] ?? 0
    }
    writeUint16(input, VERSION_OFFSET, version)
  }
}

/** Whether an address token is a resume ticket rather than a cookie. */
export function isTicket(addressToken: Uint8Array): boolean {
  return ((addressToken[0] ?? 0) & TICKET_EPOCH) !== 0
}

/** How long ago a valid cookie was made: one round trip, if nothing was lost. Undefined for a ticket. */
export function cookieAgeMs(addressToken: Uint8Array, nowMs: number): number | undefined {
  return isTicket(addressToken) ? undefined : ageMs(readUint32(addressToken, 1), nowMs)
}

/** The age of a time stamp that has wrapped at 2^32 ms. */
function ageMs(time: number, nowMs: number): number {
  const difference = (Math.trunc(nowMs) - time) % 2 ** 32
  return difference < 0 ? difference + 2 ** 32 : difference
}

function epochAt(nowMs: number): number {
  return Math.floor(nowMs / SECRET_LIFE_MS) & EPOCH_MASK
}
