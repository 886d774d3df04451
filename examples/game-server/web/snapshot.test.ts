import { describe, expect, test } from 'vitest'
import { decodeSnapshot } from './snapshot.ts'

const ONE_PLAYER = '07000000 01 03 1000 f0ff a000 60ff 2a b6'

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
}

describe('a snapshot', () => {
  test('is read byte by byte', () => {
    expect(decodeSnapshot(bytes(ONE_PLAYER))).toEqual({
      step: 7,
      players: [
        {
          slot: 3,
          x: 1,
          y: -1,
          vx: 10,
          vy: -10,
          acknowledged: 0x2a,
          cooldownTicks: 54,
          isProtected: true,
        },
      ],
    })
  })

  test('may lie anywhere in a larger buffer', () => {
    const buffer = new Uint8Array(40)
    buffer.set(bytes(ONE_PLAYER), 9)
    expect(decodeSnapshot(buffer.subarray(9, 25)).players[0]?.slot).toBe(3)
  })

  test('of another length than it announces is refused', () => {
    const whole = bytes(ONE_PLAYER)
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => decodeSnapshot(whole.subarray(0, length))).toThrow(RangeError)
    }
    expect(() => decodeSnapshot(Uint8Array.from([...whole, 0]))).toThrow(RangeError)
  })
})
