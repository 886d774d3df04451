import { expect, it } from 'vitest'
import { DatagramBatch, HEADER_WORDS, HeaderWord, SLOT_BYTES } from './datagram-batch.ts'
import { ReplyQueue } from './reply-queue.ts'

const remote = { ip: '10.0.0.1', port: 5 }

it('a batch keeps datagrams with their addresses, built in the workspace or received', () => {
  const batch = new DatagramBatch(2)
  batch.buffer.set([1, 2, 3])
  batch.commit(3, remote)
  expect(batch.push(Uint8Array.of(9, 8), '10.0.0.2', 6)).toBe(true)
  expect(batch.count).toBe(2)
  expect(batch.isFull).toBe(true)
  expect([...batch.buffer.subarray(batch.offsetOf(0), batch.offsetOf(0) + batch.lengthOf(0))]).toEqual([
    1, 2, 3,
  ])
  expect([batch.ipOf(1), batch.portOf(1), batch.lengthOf(1)]).toEqual(['10.0.0.2', 6, 2])
  expect(batch.take(1)).toBe(2)
  expect([...batch.buffer.subarray(0, 2)]).toEqual([9, 8])
  batch.clear()
  expect(batch.count).toBe(0)
})

it('a batch refuses what does not fit', () => {
  const batch = new DatagramBatch(1)
  expect(batch.push(new Uint8Array(SLOT_BYTES + 1), 'x', 1)).toBe(false)
  expect(batch.push(new Uint8Array(SLOT_BYTES), 'x', 1)).toBe(true)
  expect(batch.push(new Uint8Array(1), 'x', 1)).toBe(false)
  expect(batch.count).toBe(1)
})

it('a batch takes over what native code has filled, without what was cut off', () => {
  const batch = new DatagramBatch(4)
  for (const [slot, length] of [1, SLOT_BYTES + 1, SLOT_BYTES, 5].entries()) {
    batch.buffer[batch.offsetOf(slot)] = slot
    batch.headers.set([length, 100 + slot], slot * HEADER_WORDS)
  }
  const portText = (headers: Uint32Array, slot: number) =>
    `ip ${headers[slot * HEADER_WORDS + HeaderWord.Port]}`
  expect(batch.adopt(4, portText)).toBe(1)
  const slots = Array.from({ length: batch.count }, (_, slot) => [
    batch.buffer[batch.offsetOf(slot)],
    batch.lengthOf(slot),
    batch.portOf(slot),
    batch.ipOf(slot),
  ])
  expect(slots).toEqual([
    [0, 1, 100, 'ip 100'],
    [2, SLOT_BYTES, 102, 'ip 102'],
    [3, 5, 103, 'ip 103'],
  ])
  expect(batch.adopt(0, portText)).toBe(0)
  expect(batch.count).toBe(0)
})

it('a reply queue gives answers back in order, to addresses of its own, and is bounded', () => {
  const queue = new ReplyQueue(3)
  const out = new Uint8Array(200)
  const reused = { ip: '10.0.0.1', port: 1 }
  for (let round = 0; round < 5; round += 1) {
    for (let index = 0; index < 3; index += 1) {
      reused.port = index
      expect(queue.push(Uint8Array.of(round, index), 2, reused)).toBe(true)
    }
    expect(queue.push(Uint8Array.of(0), 1, reused)).toBe(false)
    for (let index = 0; index < 3; index += 1) {
      expect(queue.shift(out, 10)).toEqual({ length: 2, remote: { ip: '10.0.0.1', port: index } })
      expect([out[10], out[11]]).toEqual([round, index])
    }
    expect(queue.isEmpty).toBe(true)
  }
  expect(() => queue.shift(out, 0)).toThrow(RangeError)
})
