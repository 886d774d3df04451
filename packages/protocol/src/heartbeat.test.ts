import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHeartbeat, encodeHeartbeat } from './heartbeat.ts'
import { fromHex, toHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

const MAX_53 = Number.MAX_SAFE_INTEGER
const MAX_32 = 0xffff_ffff
const invalid = expect.objectContaining({ error: 'INVALID_PAYLOAD' })

const roundTrip = (heartbeat: Parameters<typeof encodeHeartbeat>[0]) =>
  decodeHeartbeat(encodeHeartbeat(heartbeat).subarray(3))

describe('Heartbeat', () => {
  it('decodes to what was encoded', () => {
    const timestamp = fc.maxSafeNat()
    checkProperty(
      fc.property(
        fc.record({
          isReplyWanted: fc.boolean(),
          sentUs: timestamp,
          echoUs: timestamp,
          holdUs: fc.nat({ max: MAX_32 }),
        }),
        (heartbeat) => {
          expect(roundTrip(heartbeat)).toEqual(heartbeat)
        },
      ),
      1000,
    )
  })

  it('takes the largest values of each field and refuses a timestamp one above', () => {
    const largest = { isReplyWanted: true, sentUs: MAX_53, echoUs: MAX_53, holdUs: MAX_32 }
    expect(roundTrip(largest)).toEqual(largest)
    const [flags, zero, hold] = ['00', '0000000000000000', '00000000']
    const above = '0000000000002000' // 2^53, low byte first
    expect(() => decodeHeartbeat(fromHex(flags + above + zero + hold))).toThrow(invalid)
    expect(() => decodeHeartbeat(fromHex(flags + zero + above + hold))).toThrow(invalid)
    expect(() => decodeHeartbeat(fromHex(flags + zero + zero + hold))).not.toThrow()
  })

  it('rounds fractions and clamps what a field cannot hold', () => {
    expect(roundTrip({ isReplyWanted: false, sentUs: 1000.4, echoUs: 999.5, holdUs: 10.6 })).toEqual({
      isReplyWanted: false,
      sentUs: 1000,
      echoUs: 1000,
      holdUs: 11,
    })
    expect(roundTrip({ isReplyWanted: false, sentUs: 2 ** 60, echoUs: -5, holdUs: 2 ** 40 })).toEqual({
      isReplyWanted: false,
      sentUs: MAX_53,
      echoUs: 0,
      holdUs: MAX_32,
    })
    expect(roundTrip({ isReplyWanted: false, sentUs: 1, echoUs: 0, holdUs: -1 }).holdUs).toBe(0)
  })

  it('refuses every size but 21 bytes', () => {
    for (const size of [0, 1, 20, 22, 100]) {
      expect(() => decodeHeartbeat(new Uint8Array(size)), `${size} bytes`).toThrow(invalid)
    }
  })

  it('refuses each reserved flag', () => {
    for (let bit = 1; bit < 8; bit++) {
      const payload = new Uint8Array(21)
      payload[0] = 1 << bit
      expect(() => decodeHeartbeat(payload), `bit ${bit}`).toThrow(invalid)
    }
  })

  it('reads from the middle of a buffer', () => {
    const frame = encodeHeartbeat({ isReplyWanted: true, sentUs: 1, echoUs: 2, holdUs: 3 })
    expect(toHex(frame)).toBe('031500' + '01' + '0100000000000000' + '0200000000000000' + '03000000')
    expect(decodeHeartbeat(frame.subarray(3))).toEqual({
      isReplyWanted: true,
      sentUs: 1,
      echoUs: 2,
      holdUs: 3,
    })
  })
})
