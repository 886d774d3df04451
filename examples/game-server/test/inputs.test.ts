import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeInputs, type NumberedInput, toPlayerInput } from '../web/player-input.ts'
import type { ArenaLanguage, InputsBench } from './languages/language.ts'
import { languages } from './languages/languages.ts'

/** Inputs with these numbers; the strength tells them apart. */
function numbered(...numbers: number[]): NumberedInput[] {
  return numbers.map((number) => ({ angle: number & 0xff, strength: number % 100, dash: false, number }))
}

describe.each(languages)('inputs in $name', ({ open }) => {
  let arena: ArenaLanguage
  let inputs: InputsBench

  beforeEach(async () => {
    arena = await open()
    inputs = arena.openInputs()
  })

  afterEach(() => arena.close())

  /** The numbers of the inputs that the next ticks use. */
  function take(ticks: number): number[] {
    return Array.from({ length: ticks }, () => {
      inputs.take()
      return inputs.acknowledged
    })
  }

  test('a message of the page says what the player wants', () => {
    inputs.receive(encodeInputs([{ ...toPlayerInput(Math.PI / 2, 1, true), number: 513 }]))
    const input = inputs.take()
    expect(input.angle).toBeCloseTo(Math.PI / 2, 9)
    expect(input).toMatchObject({ strength: 1, dash: true })
    expect(inputs.acknowledged).toBe(513)
  })

  test('each tick uses one input, in order', () => {
    inputs.receive(encodeInputs(numbered(7, 8, 9)))
    expect(take(3)).toEqual([7, 8, 9])
  })

  test('a lost message is made up for by the next one', () => {
    inputs.receive(encodeInputs(numbered(1)))
    expect(take(1)).toEqual([1])
    // Those that ended with 2 and with 3 are lost.
    inputs.receive(encodeInputs(numbered(1, 2, 3, 4)))
    expect(take(3)).toEqual([2, 3, 4])
  })

  test('repeated and late messages change nothing', () => {
    inputs.receive(encodeInputs(numbered(1, 2)))
    inputs.receive(encodeInputs(numbered(1, 2)))
    inputs.receive(encodeInputs(numbered(1)))
    expect(inputs.size).toBe(2)
  })

  test('numbers go on from 65,535 to 0', () => {
    inputs.receive(encodeInputs(numbered(65_534, 65_535)))
    inputs.receive(encodeInputs(numbered(65_534, 65_535, 0, 1)))
    expect(take(3)).toEqual([65_535, 0, 1])
  })

  test('what is half of all numbers ahead or more is old', () => {
    inputs.receive(encodeInputs(numbered(10)))
    inputs.receive(encodeInputs(numbered(10 + 0x8000)))
    inputs.receive(encodeInputs(numbered(9)))
    expect(inputs.size).toBe(1)
    inputs.receive(encodeInputs(numbered(10 + 0x7fff)))
    expect(inputs.size).toBe(2)
  })

  test('without a new input the last one goes on, but does not dash again', () => {
    inputs.receive(encodeInputs([{ angle: 64, strength: 127, dash: true, number: 1 }]))
    expect(inputs.take().dash).toBe(true)
    expect(inputs.take()).toMatchObject({ strength: 1, dash: false })
  })

  test('who sends nothing for a second stands still', () => {
    inputs.receive(encodeInputs([{ angle: 64, strength: 127, dash: false, number: 1 }]))
    take(30)
    expect(inputs.take().strength).toBe(1)
    expect(inputs.take().strength).toBe(0)
  })

  test('a burst is shortened, and a dash in it is not lost', () => {
    const burst = numbered(1, 2, 3, 4).map((input) => ({ ...input, dash: input.number === 1 }))
    inputs.receive(encodeInputs(burst.slice(0, 3)))
    inputs.receive(encodeInputs(burst))
    inputs.receive(encodeInputs(numbered(4, 5, 6)))
    expect(inputs.size).toBe(3)
    expect(inputs.take().dash).toBe(true)
    expect(inputs.acknowledged).toBe(4)
  })

  test.each<[string, unknown]>([
    ['no bytes', new Uint8Array()],
    ['no input', new Uint8Array([1, 0])],
    ['half an input', new Uint8Array([1, 0, 5])],
    ['too many inputs', new Uint8Array(12)],
    ['a value instead of bytes', { angle: 1 }],
    ['a number', 7],
    ['nothing', undefined],
  ])('%s is ignored', (_, data) => {
    inputs.receive(data)
    expect(inputs.size).toBe(0)
  })
})
