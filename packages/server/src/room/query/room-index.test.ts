import { expect, it } from 'vitest'
import type { RoomId } from '../../ids.ts'
import { RoomRecord } from '../room-record.ts'
import { RoomIndex } from './room-index.ts'

it('holds nothing of rooms and labels that have gone, and uses their slots again', () => {
  const index = new RoomIndex()
  const rooms = Array.from(
    { length: 20 },
    (_, n) => new RoomRecord(`room ${n}` as RoomId, `m${n}`, n, undefined),
  )
  for (let round = 0; round < 3; round++) {
    for (const [n, room] of rooms.entries()) {
      for (const label of [`{"a${n}": ["x y", 1, true], "b": ${round}}`, `{"c": {"d": "z ${n}"}}`, 'text']) {
        room.traits = { ...room.traits, label }
        index.put(room, n)
      }
    }
    expect(index.size).toBe(20)
    expect(index.slotCount).toBe(20)
    // module and label
    expect(index.fieldCount).toBe(2)
    for (const room of rooms) {
      index.remove(room)
      index.remove(room)
    }
    expect(index.size).toBe(0)
    expect(index.fieldCount).toBe(0)
    expect(index.find({ kind: 'all' })).toEqual([])
  }
})
