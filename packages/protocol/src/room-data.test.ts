import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRoomData, encodeRoomData, patchRoomHandle, type RoomData } from './room-data.ts'
import { bytes, uint16 } from './testing/arbitraries.ts'
import { fromHex, toHex } from './testing/bytes.ts'
import { checkProperty } from './testing/seeded.ts'

const invalid = expect.objectContaining({ error: 'INVALID_PAYLOAD' })
const message: RoomData = {
  room: 1,
  isReliable: true,
  isMessagePack: false,
  op: 2,
  sender: 3,
  data: fromHex('aa'),
}

describe('RoomData', () => {
  it('decodes to what was encoded', () => {
    const any = fc.record({
      room: uint16,
      isReliable: fc.boolean(),
      isMessagePack: fc.boolean(),
      op: uint16,
      sender: uint16,
      data: bytes,
    })
    checkProperty(
      fc.property(any, (sent) => {
        expect(decodeRoomData(encodeRoomData(sent).subarray(3))).toEqual(sent)
      }),
      1000,
    )
  })

  it('writes room, flags, op, sender, data, each with the low byte first', () => {
    const frame = encodeRoomData({
      ...message,
      room: 0x0102,
      op: 0x0304,
      sender: 0x0506,
      isMessagePack: true,
    })
    expect(toHex(frame)).toBe('130800' + '0201' + '03' + '0403' + '0605' + 'aa')
  })

  it('carries 65,528 bytes of data and refuses one more', () => {
    const largest = encodeRoomData({ ...message, data: new Uint8Array(65_528).fill(1) })
    expect(decodeRoomData(largest.subarray(3)).data).toHaveLength(65_528)
    expect(() => encodeRoomData({ ...message, data: new Uint8Array(65_529) })).toThrow(
      expect.objectContaining({ error: 'PAYLOAD_TOO_LARGE' }),
    )
  })

  it.each(['room', 'op', 'sender'] as const)(
    'takes %s up to 65,535 and never sends a number cut down',
    (field) => {
      const largest = { ...message, [field]: 65_535 }
      expect(decodeRoomData(encodeRoomData(largest).subarray(3))).toEqual(largest)
      for (const wrong of [65_536, -1, 1.5, Number.NaN]) {
        expect(() => encodeRoomData({ ...message, [field]: wrong }), `${wrong}`).toThrow(invalid)
      }
    },
  )

  it('refuses fewer than 7 bytes', () => {
    for (let size = 0; size < 7; size++) {
      expect(() => decodeRoomData(new Uint8Array(size)), `${size} bytes`).toThrow(invalid)
    }
    expect(decodeRoomData(new Uint8Array(7)).data).toHaveLength(0)
  })

  it('refuses each reserved flag', () => {
    for (let bit = 2; bit < 8; bit++) {
      const payload = new Uint8Array(7)
      payload[2] = 1 << bit
      expect(() => decodeRoomData(payload), `bit ${bit}`).toThrow(invalid)
    }
  })

  it('gives data as a view', () => {
    const payload = encodeRoomData(message).subarray(3)
    const { data } = decodeRoomData(payload)
    payload[7] = 0xbb
    expect(toHex(data)).toBe('bb')
  })
})

describe('patchRoomHandle', () => {
  it('changes the handle of an encoded frame and nothing else', () => {
    checkProperty(
      fc.property(uint16, uint16, bytes, (before, after, data) => {
        const frame = encodeRoomData({ ...message, room: before, data })
        patchRoomHandle(frame, after)
        expect(decodeRoomData(frame.subarray(3))).toEqual({ ...message, room: after, data })
      }),
    )
  })
})
