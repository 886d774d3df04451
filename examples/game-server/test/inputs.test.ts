import type { LuaValue } from '@kaosnet/lua'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeInputs, type NumberedInput, toPlayerInput } from '../web/player-input.ts'
import { ArenaVm } from './arena-vm.ts'

let lua: ArenaVm

beforeEach(async () => {
  lua = await ArenaVm.open()
  lua.run('inputs = require("arena.inputs"); queue = inputs.new()')
})

afterEach(() => lua.close())

/** Inputs with these numbers; the strength tells them apart. */
function numbered(...numbers: number[]): NumberedInput[] {
  return numbers.map((number) => ({ angle: number & 0xff, strength: number % 100, dash: false, number }))
}

function receive(data: LuaValue): void {
  lua.run('inputs.receive(queue, ...)', data)
}

/** The numbers of the inputs that the next ticks use. */
function take(ticks: number): LuaValue {
  return lua.run(
    'local used = {}; for i = 1, ... do inputs.take(queue); used[i] = queue.acknowledged end; return used',
    ticks,
  )
}

describe('inputs', () => {
  test('a message of the page says in Lua what the player wants', () => {
    receive(encodeInputs([{ ...toPlayerInput(Math.PI / 2, 1, true), number: 513 }]))
    const input = lua.run('return inputs.take(queue)') as { [name: string]: LuaValue }
    expect(input.angle).toBeCloseTo(Math.PI / 2, 9)
    expect(input).toMatchObject({ strength: 1, dash: true, number: 513 })
  })

  test('each tick uses one input, in order', () => {
    receive(encodeInputs(numbered(7, 8, 9)))
    expect(take(3)).toEqual([7, 8, 9])
  })

  test('a lost message is made up for by the next one', () => {
    receive(encodeInputs(numbered(1)))
    expect(take(1)).toEqual([1])
    // Those that ended with 2 and with 3 are lost.
    receive(encodeInputs(numbered(1, 2, 3, 4)))
    expect(take(3)).toEqual([2, 3, 4])
  })

  test('repeated and late messages change nothing', () => {
    receive(encodeInputs(numbered(1, 2)))
    receive(encodeInputs(numbered(1, 2)))
    receive(encodeInputs(numbered(1)))
    expect(lua.run('return #queue.waiting')).toBe(2)
  })

  test('numbers go on from 65,535 to 0', () => {
    receive(encodeInputs(numbered(65_534, 65_535)))
    receive(encodeInputs(numbered(65_534, 65_535, 0, 1)))
    lua.run('inputs.take(queue)')
    expect(take(2)).toEqual([0, 1])
  })

  test('without a new input the last one goes on, but does not dash again', () => {
    receive(encodeInputs([{ angle: 64, strength: 127, dash: true, number: 1 }]))
    expect(lua.run('return inputs.take(queue).dash')).toBe(true)
    expect(lua.run('local i = inputs.take(queue); return { i.strength, i.dash }')).toEqual([1, false])
  })

  test('who sends nothing for a second stands still', () => {
    receive(encodeInputs([{ angle: 64, strength: 127, dash: false, number: 1 }]))
    take(31)
    expect(lua.run('return queue.current.strength')).toBe(1)
    take(1)
    expect(lua.run('return queue.current.strength')).toBe(0)
  })

  test('a burst is shortened, and a dash in it is not lost', () => {
    const burst = numbered(1, 2, 3, 4).map((input) => ({ ...input, dash: input.number === 1 }))
    receive(encodeInputs(burst.slice(0, 3)))
    receive(encodeInputs(burst))
    receive(encodeInputs(numbered(4, 5, 6)))
    expect(lua.run('return { #queue.waiting, queue.waiting[1].number, queue.waiting[1].dash }')).toEqual([
      3,
      4,
      true,
    ])
  })

  test.each<[string, LuaValue]>([
    ['no bytes', new Uint8Array()],
    ['no input', new Uint8Array([1, 0])],
    ['half an input', new Uint8Array([1, 0, 5])],
    ['too many inputs', new Uint8Array(12)],
    ['a value instead of bytes', { angle: 1 }],
    ['nothing', undefined],
  ])('%s is ignored', (_, data) => {
    receive(data)
    expect(lua.run('return #queue.waiting')).toBe(0)
  })
})
