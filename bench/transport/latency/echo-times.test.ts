import { describe, expect, it } from 'vitest'
import { EchoTimes } from './echo-times.ts'

const PATTERN = { connections: 4, messageBytes: 8, hz: 20, warmUpSeconds: 0.05, seconds: 0.1 }

describe('EchoTimes', () => {
  it('spreads the connections over the period, and repeats each at its rate', () => {
    const times = new EchoTimes(PATTERN)
    times.start(1000)
    const sendings: string[] = []
    while (times.nextDueMs() < Number.POSITIVE_INFINITY) {
      const dueMs = times.nextDueMs()
      sendings.push(`${times.next(dueMs).connection} at ${dueMs}`)
    }
    expect(sendings.slice(0, 6)).toEqual([
      '0 at 1000',
      '1 at 1012.5',
      '2 at 1025',
      '3 at 1037.5',
      '0 at 1050',
      '1 at 1062.5',
    ])
    expect(sendings.length).toBe(4 + 8)
  })

  it('counts a round trip from when sending was due, not from when it happened', () => {
    const times = new EchoTimes(PATTERN)
    times.start(0)
    for (let index = 0; index < 12; index += 1) {
      const { message } = times.next(times.nextDueMs() + 30)
      times.onEcho(message.slice(), index * 12.5 + 80)
    }
    const { roundTripsMs, sendLateMs, sent } = times.measurement()
    expect(roundTripsMs).toEqual(new Array(8).fill(80))
    expect(sendLateMs).toEqual(new Array(8).fill(30))
    expect(sent).toBe(8)
    expect(times.missing).toBe(0)
  })

  it('counts an echo once, and neither those of the warm-up nor those that never came', () => {
    const times = new EchoTimes(PATTERN)
    times.start(0)
    const messages = Array.from({ length: 12 }, () => times.next(times.nextDueMs()).message.slice())
    const echo = (index: number): void => times.onEcho(messages[index] ?? new Uint8Array(), 200)
    for (const index of [0, 5, 5, 11]) echo(index)
    expect(times.missing).toBe(6)
    expect(times.measurement().roundTripsMs).toEqual([200 - 62.5, 200 - 137.5])
  })

  it('does not take what was never sent for an echo', () => {
    const times = new EchoTimes(PATTERN)
    times.start(0)
    const { message } = times.next(0)
    expect(() => times.onEcho(new Uint8Array([0, 0, 0, 1, 0, 0, 0, 0]), 5)).toThrow('nothing sent')
    expect(() => times.onEcho(message.subarray(0, 7), 5)).toThrow('nothing sent')
  })
})
