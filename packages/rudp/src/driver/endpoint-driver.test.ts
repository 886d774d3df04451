import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DatagramBatch } from '../endpoint/datagram-batch.ts'
import type { Endpoint } from '../endpoint/endpoint.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { EndpointDriver } from './endpoint-driver.ts'

const remote = { ip: '10.0.0.1', port: 5 }

/** An endpoint and a socket that write down what is asked of them. */
function rig() {
  const calls: string[] = []
  let deadlineMs = Number.POSITIVE_INFINITY
  let toSend = 0
  const arrived = new DatagramBatch(4)
  const endpoint: Endpoint = {
    onWake: undefined,
    handleDatagram: (buffer, offset, length, from) => calls.push(`in ${buffer[offset]}/${length} ${from.ip}`),
    pollDatagrams(batch) {
      while (toSend > 0 && !batch.isFull) {
        batch.commit(1, remote)
        toSend -= 1
      }
      return toSend > 0
    },
    nextDeadlineMs: () => deadlineMs,
    handleTimeout(nowMs) {
      calls.push(`timeout ${nowMs}`)
      deadlineMs = Number.POSITIVE_INFINITY
    },
  }
  const socket: DatagramSocket = {
    driverName: 'test',
    local: remote,
    stats: { receivedDatagrams: 0, sentDatagrams: 0, sendErrors: {}, receiveErrors: {}, oversized: 0 },
    onReadable: undefined,
    onReceive: undefined,
    onError: undefined,
    drain: () => {
      if (arrived.count > 0) socket.onReceive?.(arrived)
      arrived.clear()
    },
    acquire: () => new DatagramBatch(4),
    send: (batch) => {
      if (batch.count > 0) calls.push(`out ${batch.count}`)
    },
    close: async () => {},
  }
  const driver = new EndpointDriver(
    endpoint,
    socket,
    () => Date.now(),
    () => {},
  )
  return {
    calls,
    endpoint,
    socket,
    driver,
    arrived,
    setDeadline: (atMs: number) => {
      deadlineMs = atMs
      endpoint.onWake?.()
    },
    setToSend: (count: number) => {
      toSend = count
    },
  }
}

describe('an endpoint driver', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('sends a batch per turn whatever wakes it, and looks at what has arrived in between', async () => {
    const { calls, endpoint, arrived, driver, setToSend } = rig()
    arrived.push(Uint8Array.of(7), '10.0.0.2', 1)
    setToSend(10)
    endpoint.onWake?.()
    endpoint.onWake?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(calls.splice(0)).toEqual(['in 7/1 10.0.0.2', 'out 4'])
    arrived.push(Uint8Array.of(8), '10.0.0.2', 1)
    await vi.runAllTimersAsync()
    expect(calls).toEqual(['in 8/1 10.0.0.2', 'out 4', 'out 2'])
    expect(driver.lastReadMs).toBe(1)
  })

  it('calls the endpoint when its deadline has come, and only then', async () => {
    const { calls, setDeadline } = rig()
    setDeadline(50)
    await vi.advanceTimersByTimeAsync(49)
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(2)
    expect(calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(calls).toHaveLength(1)
  })

  it('follows a deadline that comes nearer or moves away', async () => {
    const { calls, setDeadline } = rig()
    setDeadline(500)
    await vi.advanceTimersByTimeAsync(1)
    setDeadline(20)
    await vi.advanceTimersByTimeAsync(10)
    setDeadline(100)
    await vi.advanceTimersByTimeAsync(80)
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(20)
    expect(calls).toHaveLength(1)
  })

  it('handles what has arrived before the deadline that passed meanwhile', async () => {
    const { calls, arrived, setDeadline } = rig()
    setDeadline(10)
    await vi.advanceTimersByTimeAsync(1)
    // A stalled event loop: the timer is late, and datagrams are waiting that are read only after it has fired.
    vi.setSystemTime(400)
    arrived.push(Uint8Array.of(7), '10.0.0.2', 1)
    arrived.push(Uint8Array.of(8, 8), '10.0.0.3', 1)
    await vi.advanceTimersByTimeAsync(10)
    expect(calls).toEqual(['in 7/1 10.0.0.2', 'in 8/2 10.0.0.3', expect.stringMatching(/^timeout 4/)])
  })

  it('takes a turn when something has arrived', async () => {
    const { calls, arrived, socket } = rig()
    await vi.advanceTimersByTimeAsync(0)
    arrived.push(Uint8Array.of(7), '10.0.0.2', 1)
    socket.onReadable?.()
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(0)
    expect(calls).toEqual(['in 7/1 10.0.0.2'])
  })

  it('does nothing any more once it is closed', async () => {
    const { calls, endpoint, socket, driver, setDeadline, setToSend } = rig()
    setDeadline(10)
    setToSend(3)
    driver.close()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(calls).toEqual([])
    expect(endpoint.onWake).toBeUndefined()
    expect(socket.onReceive).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })
})
