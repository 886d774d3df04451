import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDefaultProvider } from '../crypto/default-provider.ts'
import { SeededRandom } from '../testing/index.ts'
import {
  type AddressClaim,
  AddressValidator,
  COOKIE_LIFE_MS,
  cookieAgeMs,
  isTicket,
  TICKET_LIFE_MS,
} from './address-validation.ts'

const crypto = createDefaultProvider()
const ticketKey = new Uint8Array(32).fill(1)
const protocolId = new Uint8Array(8).fill(2)
const WALL_MS = 1_800_000_000_000

function createValidator(nowMs = 0) {
  return new AddressValidator(crypto, new SeededRandom(1), ticketKey, nowMs)
}

function claimOf(changes: Partial<AddressClaim> = {}): AddressClaim {
  return {
    remote: { ip: '203.0.113.7', port: 4000 },
    version: 1,
    nonce: new Uint8Array(8).fill(3),
    nonceOffset: 0,
    protocolId,
    protocolIdOffset: 0,
    ...changes,
  }
}

function cookieFor(validator: AddressValidator, claim: AddressClaim, nowMs: number): Uint8Array {
  const token = new Uint8Array(21)
  validator.writeCookieToken(token, 0, claim, nowMs)
  return token
}

describe('a cookie', () => {
  it('is valid for ten seconds for the claim it was made for', () => {
    const validator = createValidator()
    const cookie = cookieFor(validator, claimOf(), 1000)
    expect(validator.check(cookie, claimOf(), 1000, WALL_MS)).toBe('valid')
    expect(validator.check(cookie, claimOf(), 1000 + COOKIE_LIFE_MS, WALL_MS)).toBe('valid')
    expect(validator.check(cookie, claimOf(), 1001 + COOKIE_LIFE_MS, WALL_MS)).toBe('expired')
    expect(isTicket(cookie)).toBe(false)
  })

  it('is bound to address, port, nonce, protocol and version', () => {
    const validator = createValidator()
    const cookie = cookieFor(validator, claimOf(), 0)
    const others: Partial<AddressClaim>[] = [
      { remote: { ip: '203.0.113.8', port: 4000 } },
      { remote: { ip: '203.0.113.7', port: 4001 } },
      { nonce: new Uint8Array(8).fill(4) },
      { protocolId: new Uint8Array(8).fill(4) },
      { version: 2 },
    ]
    for (const other of others) {
      expect(validator.check(cookie, claimOf(other), 0, WALL_MS)).toBe('forged')
    }
  })

  it('cannot be changed in any byte', () => {
    const validator = createValidator()
    const cookie = cookieFor(validator, claimOf(), 5000)
    for (let bit = 0; bit < cookie.length * 8; bit += 1) {
      const forged = Uint8Array.from(cookie)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(validator.check(forged, claimOf(), 5000, WALL_MS)).not.toBe('valid')
    }
  })

  it('outlives a change of secret, but not two', () => {
    const validator = createValidator()
    const cookie = cookieFor(validator, claimOf(), 59_000)
    expect(validator.check(cookie, claimOf(), 61_000, WALL_MS)).toBe('valid')
    expect(validator.check(cookie, claimOf(), 121_000, WALL_MS)).toBe('expired')
  })

  it('is not accepted by a validator that was started anew', () => {
    const cookie = cookieFor(createValidator(), claimOf(), 0)
    const restarted = new AddressValidator(crypto, new SeededRandom(2), ticketKey, 0)
    expect(restarted.check(cookie, claimOf(), 0, WALL_MS)).toBe('forged')
  })

  it('keeps its age when the time stamp wraps at 2^32 ms', () => {
    const wrapMs = 2 ** 32
    const validator = createValidator(wrapMs - 500)
    const cookie = cookieFor(validator, claimOf(), wrapMs - 500)
    expect(validator.check(cookie, claimOf(), wrapMs + 500, WALL_MS)).toBe('valid')
    expect(cookieAgeMs(cookie, wrapMs + 500)).toBe(1000)
  })

  it('is valid at any time of day it was made', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.nat(COOKIE_LIFE_MS), (madeMs, ageMs) => {
        const validator = createValidator(madeMs)
        const cookie = cookieFor(validator, claimOf(), madeMs)
        expect(validator.check(cookie, claimOf(), madeMs + ageMs, WALL_MS)).toBe('valid')
      }),
    )
  })
})

describe('a ticket', () => {
  it('is valid for an hour, from any port, and after a restart', () => {
    const ticket = createValidator().issueTicket('203.0.113.7', 1, protocolId, WALL_MS)
    const restarted = new AddressValidator(crypto, new SeededRandom(9), ticketKey, 0)
    const claim = claimOf({ remote: { ip: '203.0.113.7', port: 9 }, nonce: new Uint8Array(8) })
    expect(isTicket(ticket)).toBe(true)
    expect(cookieAgeMs(ticket, 0)).toBeUndefined()
    expect(restarted.check(ticket, claim, 0, WALL_MS)).toBe('valid')
    expect(restarted.check(ticket, claim, 0, WALL_MS + TICKET_LIFE_MS + 1000)).toBe('expired')
  })

  it('is bound to the IP address, protocol and version, and cannot be changed', () => {
    const validator = createValidator()
    const ticket = validator.issueTicket('203.0.113.7', 1, protocolId, WALL_MS)
    const others: Partial<AddressClaim>[] = [
      { remote: { ip: '203.0.113.8', port: 4000 } },
      { protocolId: new Uint8Array(8) },
      { version: 2 },
    ]
    for (const other of others) expect(validator.check(ticket, claimOf(other), 0, WALL_MS)).toBe('forged')
    for (let offset = 0; offset < ticket.length; offset += 1) {
      const forged = Uint8Array.from(ticket)
      forged[offset] = (forged[offset] ?? 0) ^ 1
      expect(validator.check(forged, claimOf(), 0, WALL_MS)).toBe('forged')
    }
  })
})
