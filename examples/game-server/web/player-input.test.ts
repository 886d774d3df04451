import { describe, expect, test } from 'vitest'
import { encodeInputs, inputAngle, toPlayerInput } from './player-input.ts'

describe('a player input', () => {
  test('keeps the eight directions of the keyboard exactly', () => {
    for (let eighth = -4; eighth <= 4; eighth += 1) {
      const angle = (eighth * Math.PI) / 4
      const kept = inputAngle(toPlayerInput(angle, 1, false))
      expect(Math.cos(kept - angle)).toBeCloseTo(1, 12)
    }
  })

  test('is never stronger than full strength', () => {
    expect(toPlayerInput(0, 7, false).strength).toBe(127)
    expect(toPlayerInput(0, -1, false).strength).toBe(0)
  })
})

describe('an input message', () => {
  test('has the newest number and the inputs from the newest to the oldest', () => {
    const bytes = encodeInputs([
      { number: 0x0101, angle: 1, strength: 2, dash: false },
      { number: 0x0102, angle: 3, strength: 4, dash: true },
    ])
    expect([...bytes]).toEqual([0x02, 0x01, 3, 0x84, 1, 2])
  })

  test('repeats at most four', () => {
    const inputs = Array.from({ length: 9 }, (_, number) => ({
      number,
      angle: number,
      strength: 0,
      dash: false,
    }))
    expect([...encodeInputs(inputs)]).toEqual([8, 0, 8, 0, 7, 0, 6, 0, 5, 0])
  })

  test('cannot be made of nothing', () => {
    expect(() => encodeInputs([])).toThrow(RangeError)
  })
})
