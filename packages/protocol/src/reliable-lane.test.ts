import { describe, expect, it } from 'vitest'
import { encodeFrame } from './frame.ts'
import { encodeMessagePack } from './messagepack.ts'
import { Op, type OpName } from './opcodes.ts'
import { reliableLane, UNCOUNTED } from './reliable-lane.ts'
import { fromHex } from './testing/bytes.ts'
import { loadGoldenVectors } from './testing/golden.ts'

describe('the lane on which a frame counts', () => {
  const uncounted: readonly OpName[] = ['SessionStart', 'SessionEnd', 'Heartbeat', 'SessionAck']

  it.each(loadGoldenVectors().frames)('is what the specification says: $name', ({ op, hex, fields }) => {
    const { room, is_reliable } = fields as { room?: number; is_reliable?: boolean }
    const expected =
      uncounted.includes(op) || (op === 'RoomData' && is_reliable === false) ? UNCOUNTED : (room ?? 0)
    expect(reliableLane(Op[op], fromHex(hex).subarray(3))).toBe(expected)
  })

  it('is 0 for operations that nobody knows yet, and for maps that cannot be read', () => {
    expect(reliableLane(0x7e, new Uint8Array(3))).toBe(0)
    expect(reliableLane(Op.RoomLeave, new Uint8Array([0xc1]))).toBe(0)
    expect(reliableLane(Op.RoomLeave, encodeMessagePack({ room: 70_000 }))).toBe(0)
    expect(reliableLane(Op.RoomLeave, encodeMessagePack(null))).toBe(0)
  })

  it('can be told of fixed layouts that are cut short, too', () => {
    expect(reliableLane(Op.RoomData, new Uint8Array(0))).toBe(0)
    expect(reliableLane(Op.RoomState, new Uint8Array([5]))).toBe(5)
    expect(encodeFrame(Op.RoomData, new Uint8Array(0))).toHaveLength(3)
  })
})
