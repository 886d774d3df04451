import { getEventListeners } from 'node:events'
import { KaosError } from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import { PendingRequests } from './requests.ts'
import { clientClock, outcome, settle } from './testing/world.ts'

function setUp() {
  const time = new ManualClock()
  const requests = new PendingRequests(clientClock(time), 10_000)
  const rpc = (options = {}) => {
    const { id, result } = requests.open('RpcResponse', options, (reply) => reply.payload)
    return { id, ended: outcome(result) }
  }
  return { time, requests, rpc }
}

describe('PendingRequests', () => {
  it('hands each reply to its own request, whatever the order', async () => {
    const { time, requests, rpc } = setUp()
    const first = rpc()
    const second = rpc()
    expect(requests.settle('RpcResponse', { id: second.id, payload: 'b' })).toBe(true)
    expect(requests.settle('RpcResponse', { id: first.id, payload: 'a' })).toBe(true)
    await settle()
    expect(first.ended.value).toBe('a')
    expect(second.ended.value).toBe('b')
    expect(requests.size).toBe(0)
    expect(time.pendingEvents).toBe(0)
  })

  it('makes the result while the reply is being handed over, not later', () => {
    const { requests } = setUp()
    const made: unknown[] = []
    const { id } = requests.open('RpcResponse', {}, (reply) => made.push(reply.payload))
    requests.settle('RpcResponse', { id, payload: 1 })
    expect(made).toEqual([1])
  })

  it('rejects with REQUEST_TIMEOUT at the default time, or at the time of the request', async () => {
    const { time, requests, rpc } = setUp()
    const normal = rpc()
    const hasty = rpc({ timeoutMs: 50 })
    time.advance(50)
    await settle()
    expect(hasty.ended.error).toMatchObject({ error: 'REQUEST_TIMEOUT', action: 'retry' })
    expect(normal.ended.error).toBeUndefined()
    time.advance(9_950)
    await settle()
    expect(normal.ended.error).toMatchObject({ error: 'REQUEST_TIMEOUT' })
    expect(requests.settle('RpcResponse', { id: normal.id })).toBe(false)
  })

  it('waits for ever when asked to', () => {
    const { time, rpc } = setUp()
    rpc({ timeoutMs: Number.POSITIVE_INFINITY })
    expect(time.pendingEvents).toBe(0)
  })

  it('rejects with the reason of an aborted signal and forgets the request', async () => {
    const { time, requests, rpc } = setUp()
    const controller = new AbortController()
    const { id, ended } = rpc({ signal: controller.signal })
    const reason = new Error('the player went away')
    controller.abort(reason)
    await settle()
    expect(ended.error).toBe(reason)
    expect(requests.settle('RpcResponse', { id })).toBe(false)
    expect(time.pendingEvents).toBe(0)
  })

  it('does not listen to the signal any more once it is answered, timed out or failed', async () => {
    const { time, requests, rpc } = setUp()
    const { signal } = new AbortController()
    const answered = rpc({ signal })
    rpc({ signal, timeoutMs: 10 })
    rpc({ signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(3)
    requests.settle('RpcResponse', { id: answered.id, payload: 'done' })
    expect(getEventListeners(signal, 'abort')).toHaveLength(2)
    time.advance(10)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    requests.failAll(new KaosError('SESSION_TIMEOUT'))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('rejects a request that is answered by another kind of reply', async () => {
    const { requests, rpc } = setUp()
    const { id, ended } = rpc()
    expect(requests.settle('RoomList', { id, rooms: [] })).toBe(true)
    await settle()
    expect(ended.error).toMatchObject({ error: 'INVALID_PAYLOAD' })
  })

  it('rejects when the result cannot be made of the reply', async () => {
    const { requests } = setUp()
    const fault = new Error('fault')
    const { id, result } = requests.open('RpcResponse', {}, () => {
      throw fault
    })
    const ended = outcome(result)
    requests.settle('RpcResponse', { id })
    await settle()
    expect(ended.error).toBe(fault)
  })

  it('keeps the reply of one that was called off where that was asked for, until it comes or everything fails', async () => {
    const { time, requests } = setUp()
    const abort = new AbortController()
    const seen: unknown[] = []
    const open = (options = {}) => {
      const kept = { ...options, isReplyKept: true }
      const { id, result } = requests.open('RpcResponse', kept, ({ payload }) => seen.push(payload))
      return { id, ended: outcome(result) }
    }
    const hasty = open({ timeoutMs: 50 })
    const aborted = open({ signal: abort.signal })
    const refused = open({ timeoutMs: 50 })
    abort.abort(new Error('changed my mind'))
    time.advance(50)
    await settle()
    expect(hasty.ended.error).toMatchObject({ error: 'REQUEST_TIMEOUT' })
    expect(aborted.ended.error).toMatchObject({ message: 'changed my mind' })
    expect(requests.settle('RpcResponse', { id: hasty.id, payload: 'late' })).toBe(true)
    expect(requests.fail(refused.id, new KaosError('RPC_FAILED'))).toBe(true)
    expect([seen, requests.size]).toEqual([['late'], 1])
    requests.failAll(new KaosError('SESSION_TIMEOUT'))
    expect(requests.settle('RpcResponse', { id: aborted.id })).toBe(false)
    expect([seen, requests.size, time.pendingEvents]).toEqual([['late'], 0, 0])
  })

  it('fails everything at once and leaves no timer', async () => {
    const { time, requests, rpc } = setUp()
    const all = [rpc(), rpc(), rpc()]
    const error = new KaosError('SESSION_TIMEOUT')
    requests.failAll(error)
    await settle()
    for (const { ended } of all) expect(ended.error).toBe(error)
    expect(time.pendingEvents).toBe(0)
  })

  it('refuses the 1,025th unanswered request', () => {
    const { requests, rpc } = setUp()
    for (let i = 0; i < 1_024; i++) rpc()
    expect(() => rpc()).toThrowError(expect.objectContaining({ error: 'TOO_MANY_REQUESTS' }))
    requests.failAll(new KaosError('INTERNAL'))
    expect(() => rpc()).not.toThrow()
  })
})
