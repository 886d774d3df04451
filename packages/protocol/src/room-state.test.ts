import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patchRoomHandle } from './room-data.ts'
import { decodeRoomState, encodeRoomState, type RoomState } from './room-state.ts'
import { bytes, uint16 } from './testing/arbitraries.ts'
import { fromHex, toHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

const invalid = expect.objectContaining({ error: 'INVALID_PAYLOAD' })
const state: RoomState = { room: 1, isMessagePack: false, version: 1, data: fromHex('aa') }

describe('RoomState', () => {
  it('decodes to what was encoded', () => {
    const any = fc.record({
      room: uint16,
      isMessagePack: fc.boolean(),
      version: fc.nat({ max: 0xffff_ffff }),
      data: bytes,
    })
    checkProperty(
      fc.property(any, (sent) => {
        expect(decodeRoomState(encodeRoomState(sent).subarray(3))).toEqual(sent)
      }),
      1000,
    )
  })

  it('writes room, flags, version, data, each with the low byte first', () => {
    const frame = encodeRoomState({ ...state, room: 0x0102, isMessagePack: true, version: 0x03040506 })
    expect(toHex(frame)).toBe('140800' + '0201' + '01' + '06050403' + 'aa')
  })

  it('counts versions mod 2^32', () => {
    const wrapped = encodeRoomState({ ...state, version: 2 ** 32 + 5 })
    expect(decodeRoomState(wrapped.subarray(3)).version).toBe(5)
  })

  it('carries 65,528 bytes of data and refuses one more', () => {
    const largest = encodeRoomState({ ...state, data: new Uint8Array(65_528).fill(1) })
    expect(decodeRoomState(largest.subarray(3)).data).toHaveLength(65_528)
    expect(() => encodeRoomState({ ...state, data: new Uint8Array(65_529) })).toThrow(
      expect.objectContaining({ error: 'PAYLOAD_TOO_LARGE' }),
    )
  })

  it('never sends a room handle cut down', () => {
    expect(() => encodeRoomState({ ...state, room: 65_535 })).not.toThrow()
    expect(() => encodeRoomState({ ...state, room: 65_536 })).toThrow(invalid)
  })

  it('has the room handle where patchRoomHandle puts it', () => {
    const frame = encodeRoomState({ ...state, room: 0 })
    patchRoomHandle(frame, 0xabcd)
    expect(decodeRoomState(frame.subarray(3))).toEqual({ ...state, room: 0xabcd })
  })

  it('refuses fewer than 7 bytes', () => {
    for (let size = 0; size < 7; size++) {
      expect(() => decodeRoomState(new Uint8Array(size)), `${size} bytes`).toThrow(invalid)
    }
    expect(decodeRoomState(new Uint8Array(7)).data).toHaveLength(0)
  })

  it('refuses each reserved flag', () => {
    for (let bit = 1; bit < 8; bit++) {
      const payload = new Uint8Array(7)
      payload[2] = 1 << bit
      expect(() => decodeRoomState(payload), `bit ${bit}`).toThrow(invalid)
    }
  })
})
