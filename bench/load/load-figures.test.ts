import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'
import { type LoadFigures, summarize } from './load-figures.ts'

function histogramOf(...timesMs: readonly number[]) {
  const histogram = new Histogram()
  for (const ms of timesMs) histogram.record(ms)
  return histogram.toRecord()
}

const part: LoadFigures = {
  windowMs: 2_000,
  bots: 10,
  sent: 100,
  due: 100,
  received: 198,
  receiveDue: 200,
  gaps: 1,
  latency: histogramOf(10, 20),
  interval: histogramOf(50),
  sendLateness: histogramOf(0.5),
  heartbeat: histogramOf(),
  busyShare: 0.4,
  cpuUs: 2_980,
  lostDatagrams: 0,
  lost: 0,
  refused: 0,
}

describe('summarize', () => {
  it('adds up the processes', () => {
    const summary = summarize([part, { ...part, received: 202, latency: histogramOf(30), busyShare: 0.5 }])
    expect(summary).toMatchObject({
      bots: 20,
      sentPerSecond: 100,
      sentShare: 1,
      receivedPerSecond: 200,
      deliveredShare: 1,
      gaps: 2,
      busyShare: 0.5,
      cpuUsPerMessage: 5_960 / 600,
      isSaturated: false,
    })
    expect(summary.latency.count).toBe(3)
  })

  it('says that the generator was the limit when one process was busy all the time', () => {
    expect(summarize([part, { ...part, busyShare: 0.95 }]).isSaturated).toBe(true)
  })

  it('says so too when inputs were sent late', () => {
    expect(summarize([{ ...part, sendLateness: histogramOf(0.5, 40) }]).isSaturated).toBe(true)
  })

  it('says so too when it lost datagrams, which the server had sent', () => {
    const summary = summarize([part, { ...part, lostDatagrams: 2 }])
    expect(summary).toMatchObject({ lostDatagrams: 2, isSaturated: true })
  })

  it('tells why bots had sockets of their own', () => {
    expect(summarize([part]).ownSocketsReason).toBeUndefined()
    expect(summarize([{ ...part, ownSocketsReason: 'no compiler' }]).ownSocketsReason).toBe('no compiler')
  })

  it('tells the first trouble that any of them had', () => {
    expect(summarize([part, { ...part, firstTrouble: 'bot 3 was lost' }]).firstTrouble).toBe('bot 3 was lost')
  })
})
