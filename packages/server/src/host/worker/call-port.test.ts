import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { KaosError } from '@kaosnet/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RoomId } from '../../ids.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { CallPort } from './call-port.ts'
import { RemoteNode } from './remote-node.ts'
import { packError, type ThreadResult } from './thread-error.ts'
import { ThreadLink } from './thread-link.ts'

const ROOM = 'room-a' as RoomId

interface World {
  readonly calls: CallPort
  /** The node's end. */
  readonly node: MessagePort
  readonly clock: ManualClock
  readonly posted: [number, string, readonly unknown[]][]
  answer(id: number, result: ThreadResult): void
}

/** A port for calls; `react` plays the node, at once, in place of another thread. */
function world(
  react: (world: World, id: number, method: string, args: readonly unknown[]) => void,
  signal: (roomId: RoomId, data: unknown) => unknown = () => undefined,
): World {
  const { port1: node, port2: port } = new MessageChannel()
  const link = new ThreadLink()
  const clock = new ManualClock()
  const posted: World['posted'] = []
  const made: World = {
    node,
    clock,
    posted,
    calls: new CallPort({
      port,
      link,
      clock,
      post(id, method, args) {
        posted.push([id, method, args])
        react(made, id, method, args)
        link.signal()
      },
      signal,
    }),
    answer: (id, result) => node.postMessage({ kind: 'answer', id, result }),
  }
  onTestFinished(() => made.calls.close())
  return made
}

describe('CallPort', () => {
  it('returns what the node answers, and throws what the node throws', () => {
    const { calls } = world((node, id, method, args) => {
      if (method === 'sessionGet') node.answer(id, { kind: 'value', value: { args } })
      else node.answer(id, { kind: 'error', error: packError(new KaosError('TOO_MANY_ROOMS', 'enough')) })
    })
    expect(calls.call('sessionGet', ['s'])).toEqual({ args: ['s'] })
    expect(() => calls.call('roomCreate', ['duel', {}])).toThrow(
      expect.objectContaining({ error: 'TOO_MANY_ROOMS', message: 'enough' }),
    )
  })

  it('serves signals while it waits, so that two workers may call each other', () => {
    const { calls, node } = world(
      (made, id, method) => {
        if (method !== 'roomSignal') return made.answer(id, { kind: 'value', value: 'inner' })
        made.node.postMessage({ kind: 'signal', id: 77, roomId: ROOM, data: 5 })
        made.answer(id, { kind: 'value', value: 'outer' })
      },
      (roomId, data) => [roomId, data, calls.call('sessionGet', [])],
    )
    expect(calls.call('roomSignal', [])).toBe('outer')
    expect(receiveMessageOnPort(node)?.message).toEqual({
      kind: 'signalled',
      id: 77,
      result: { kind: 'value', value: [ROOM, 5, 'inner'] },
    })
  })

  it('tells of a signal that failed', () => {
    const { calls, node } = world(
      (made, id) => {
        made.node.postMessage({ kind: 'signal', id: 1, roomId: ROOM, data: 0 })
        made.answer(id, { kind: 'value', value: 0 })
      },
      () => {
        throw new KaosError('ROOM_CLOSED')
      },
    )
    calls.call('sessionGet', [])
    expect(receiveMessageOnPort(node)?.message).toMatchObject({
      kind: 'signalled',
      result: { kind: 'error', error: { error: 'ROOM_CLOSED' } },
    })
  })

  it('gives up on a node that does not answer, and takes no late answer for another’s', () => {
    let late = 0
    const { calls } = world((made, id) => {
      if (late === 0) {
        late = id
        // Time passes while nobody answers: the deadline is set at the first look, and over at the second.
        const now = made.clock.nowMs()
        let looks = 0
        made.clock.nowMs = () => now + (looks++ > 0 ? 2_000 : 0)
        return
      }
      made.answer(late, { kind: 'value', value: 'late' })
      made.answer(id, { kind: 'value', value: 'mine' })
    })
    expect(() => calls.call('roomList', [{}])).toThrow(expect.objectContaining({ error: 'REQUEST_TIMEOUT' }))
    expect(calls.call('sessionGet', [])).toBe('mine')
  })
})

describe('RemoteNode', () => {
  it('passes each call on with its arguments', () => {
    const calls: unknown[] = []
    const node = new RemoteNode((method, args) => calls.push([method, ...args]))
    const id = ROOM
    const session = 's' as never
    const message = { op: 1 } as never
    node.sessionGet(session)
    node.sessionKick(session, 'why')
    node.roomCreate('duel', { a: 1 })
    node.roomGet(id)
    node.roomList({ module: 'duel' })
    node.roomSend(id, message)
    node.roomKick(id, session, 'why')
    node.roomSignal(id, 5)
    expect(calls).toEqual([
      ['sessionGet', session],
      ['sessionKick', session, 'why'],
      ['roomCreate', 'duel', { a: 1 }],
      ['roomGet', id],
      ['roomList', { module: 'duel' }],
      ['roomSend', id, message],
      ['roomKick', id, session, 'why'],
      ['roomSignal', id, 5],
    ])
  })
})
