import { expect, it } from 'vitest'
import { SeededRandom } from '../testing/index.ts'
import { ConnectionSlots } from './connection-slots.ts'

it('finds an entry by its connection id and by nothing else', () => {
  const slots = new ConnectionSlots<string>(7, 10, new SeededRandom(1))
  const { slot, connectionId } = slots.allocate()
  expect(slots.find(connectionId, 0)).toBeUndefined()
  slots.set(slot, 'a')
  expect(slots.find(connectionId, 0)).toBe('a')
  for (let byte = 0; byte < 8; byte += 1) {
    const other = Uint8Array.from(connectionId)
    other[byte] = (other[byte] ?? 0) ^ 1
    expect(slots.find(other, 0)).toBeUndefined()
  }
})

it('does not find the old entry of a slot, nor the new one by the old id', () => {
  const slots = new ConnectionSlots<string>(0, 1, new SeededRandom(1))
  const first = slots.allocate()
  slots.set(first.slot, 'first')
  slots.release(first.slot)
  const second = slots.allocate()
  slots.set(second.slot, 'second')
  expect(second.slot).toBe(first.slot)
  expect(slots.find(first.connectionId, 0)).toBeUndefined()
  expect(slots.find(second.connectionId, 0)).toBe('second')
})

it('is bounded, and lists what it holds', () => {
  const slots = new ConnectionSlots<number>(0, 3, new SeededRandom(1))
  for (let count = 0; count < 3; count += 1) slots.set(slots.allocate().slot, count)
  expect(slots.isFull).toBe(true)
  expect(() => slots.allocate()).toThrow(RangeError)
  expect([...slots]).toEqual([0, 1, 2])
  slots.release(1)
  expect(slots.size).toBe(2)
  expect([...slots]).toEqual([0, 2])
})

it('names slots up to 24 bits', () => {
  const slots = new ConnectionSlots<number>(0, 70_000, new SeededRandom(1))
  let last = slots.allocate()
  for (let count = 1; count < 70_000; count += 1) last = slots.allocate()
  slots.set(last.slot, 5)
  expect(last.slot).toBe(69_999)
  expect(slots.find(last.connectionId, 0)).toBe(5)
})
