import { expect, it } from 'vitest'
import type { RoomId } from '../../ids.ts'
import { RoomNumbers } from './room-numbers.ts'

it('numbers are given once, learnt on the other side, and forgotten with the room', () => {
  const [one, two] = ['room-a', 'room-b'] as RoomId[]
  const node = new RoomNumbers()
  const worker = new RoomNumbers()
  worker.learn(one as RoomId, node.assign(one as RoomId))
  worker.learn(two as RoomId, node.assign(two as RoomId))
  expect(worker.idOf(node.numberOf(two as RoomId) as number)).toBe(two)
  expect(node.ids()).toEqual([one, two])
  node.forget(one as RoomId)
  node.forget(one as RoomId)
  expect([node.numberOf(one as RoomId), node.idOf(1), node.ids()]).toEqual([undefined, undefined, [two]])
  // A late event must not be taken for a newer room's.
  expect(node.assign(one as RoomId)).toBe(3)
})
