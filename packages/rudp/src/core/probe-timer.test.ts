import { beforeEach, describe, expect, it } from 'vitest'
import { LAZY_SHARE_BYTES, MAX_ACK_DELAY_MS } from './ack-tracker.ts'
import { ProbeTimer } from './probe-timer.ts'
import { RttEstimator } from './rtt.ts'

const flight = {
  elicitingInFlight: 0,
  bytes: 0,
  promptInFlight: 0,
  oldestMs: 0,
  oldestPromptSentMs: () => flight.oldestMs,
}
let rtt: RttEstimator
let timer: ProbeTimer

beforeEach(() => {
  rtt = new RttEstimator(100)
  for (let sample = 0; sample < 60; sample++) rtt.onSample(50, 0, sample)
  Object.assign(flight, { elicitingInFlight: 0, bytes: 0, promptInFlight: 0, oldestMs: 0 })
  timer = new ProbeTimer(rtt, flight)
})

function send(nowMs: number, isRepeating = false): void {
  if (flight.promptInFlight === 0) flight.oldestMs = nowMs
  flight.elicitingInFlight++
  flight.promptInFlight++
  timer.onSent(true, isRepeating, nowMs)
}

describe('the probe timer', () => {
  it('rests while nothing is in flight', () => {
    expect(timer.deadlineMs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('runs from the oldest packet of a thin stream, whatever is sent after it', () => {
    send(1000)
    const deadlineMs = timer.deadlineMs()
    expect(deadlineMs).toBeCloseTo(1000 + 52 + MAX_ACK_DELAY_MS)
    send(1050)
    expect(timer.isThin).toBe(true)
    expect(timer.deadlineMs()).toBe(deadlineMs)
  })

  it('reckons with the delay the peer’s ACKs really have, which it takes for long at once and for short slowly', () => {
    for (let ack = 0; ack < 100; ack++) timer.onAckDelay(0)
    send(1000)
    expect(timer.deadlineMs()).toBeLessThan(1000 + 52 + 1)
    timer.onAckDelay(20)
    expect(timer.deadlineMs()).toBeCloseTo(1000 + 52 + 20, 0)
  })

  it('runs from the newest packet of a thick stream, as in RFC 9002', () => {
    for (let nowMs = 1000; nowMs < 1040; nowMs += 5) send(nowMs)
    expect(timer.isThin).toBe(false)
    expect(timer.deadlineMs()).toBeCloseTo(1035 + 52 + MAX_ACK_DELAY_MS)
  })

  it('starts anew when older data were sent again along with newer', () => {
    send(1000)
    send(1050, true)
    expect(timer.deadlineMs()).toBeCloseTo(1050 + 52 + MAX_ACK_DELAY_MS)
  })

  it('backs off 1, 1.5, 3, 6 … timeouts up to 2 s, and starts over with an answer', () => {
    send(1000)
    const timeoutMs = timer.deadlineMs() - 1000
    const waits: number[] = []
    for (let probe = 0; probe < 8; probe++) {
      const firedMs = timer.deadlineMs()
      timer.onFired(firedMs)
      waits.push((timer.deadlineMs() - firedMs) / timeoutMs)
    }
    expect(waits.slice(0, 4).map((factor) => Math.round(factor * 10) / 10)).toEqual([1.5, 3, 6, 12])
    expect(waits.at(-1)! * timeoutMs).toBe(2000)
    timer.onAnswered()
    expect(timer.unanswered).toBe(0)
  })

  it('waits a second longer for packets that nobody must answer soon, less where they may fill the window', () => {
    flight.elicitingInFlight = 6
    flight.bytes = LAZY_SHARE_BYTES - 1
    timer.onSent(false, false, 2000)
    expect(timer.deadlineMs()).toBe(2000 + timer.timeoutMs + 1000)
    flight.bytes = LAZY_SHARE_BYTES
    expect(timer.deadlineMs()).toBe(2000 + timer.timeoutMs + 100)
  })
})
