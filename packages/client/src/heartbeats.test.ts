import type { Heartbeat } from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import { ClockSync } from './clock-sync.ts'
import { Heartbeats } from './heartbeats.ts'
import { clientClock } from './testing/world.ts'

function setUp({ intervalMs = 5_000, timeoutMs = 15_000 } = {}) {
  const time = new ManualClock(1_000)
  const sent: (Heartbeat & { atMs: number })[] = []
  const silences: number[] = []
  const measured: number[] = []
  const clockSync = new ClockSync()
  const heartbeats = new Heartbeats({
    clock: clientClock(time),
    clockSync,
    intervalMs,
    timeoutMs,
    send: (heartbeat) => sent.push({ ...heartbeat, atMs: time.now() }),
    onMeasured: () => measured.push(clockSync.latencyMs),
    onSilent: (silentMs) => silences.push(silentMs),
  })
  return { time, sent, silences, measured, heartbeats }
}

const sentAt = (sent: readonly { atMs: number }[]) => sent.map(({ atMs }) => atMs)

describe('Heartbeats', () => {
  it('asks at once and then at the interval', () => {
    const { time, sent, heartbeats } = setUp()
    for (let i = 0; i < 4; i++) {
      heartbeats.heard()
      time.advance(5_000)
    }
    expect(sentAt(sent)).toEqual([1_000, 6_000, 11_000, 16_000, 21_000])
    expect(sent.every(({ isReplyWanted, atMs, sentUs }) => isReplyWanted && sentUs === atMs * 1000)).toBe(
      true,
    )
  })

  it('reports silence when nothing was heard for the timeout, once, and not a moment earlier', () => {
    const { time, silences, heartbeats } = setUp()
    time.advance(4_000)
    heartbeats.heard()
    time.advance(14_999)
    expect(silences).toEqual([])
    time.advance(1)
    expect(silences).toEqual([15_000])
    time.advance(60_000)
    expect(silences).toEqual([15_000])
    expect(time.pendingEvents).toBe(0)
  })

  it('answers a heartbeat that wants an answer, and says how long it held it', () => {
    const { time, sent, heartbeats } = setUp()
    heartbeats.receive({ isReplyWanted: true, sentUs: 77_000, echoUs: 0, holdUs: 0 })
    expect(sent.at(-1)).toMatchObject({ isReplyWanted: false, echoUs: 77_000, holdUs: 0 })
    heartbeats.receive({ isReplyWanted: false, sentUs: 88_000, echoUs: 0, holdUs: 0 })
    expect(sent).toHaveLength(2)
    time.advance(5_000)
    expect(sent.at(-1)).toMatchObject({ isReplyWanted: true, echoUs: 88_000, holdUs: 5_000_000 })
  })

  it('reports a measured round trip', () => {
    const { time, sent, measured, heartbeats } = setUp()
    time.advance(40)
    const echoUs = sent[0]!.sentUs
    heartbeats.receive({ isReplyWanted: false, sentUs: 5_000_000, echoUs, holdUs: 10_000 })
    expect(measured).toEqual([30])
  })

  it('sends what is due when a message is heard, because hidden pages have slow timers', () => {
    const { sent, heartbeats } = setUpWithSlowTimers()
    heartbeats.heard(4_999)
    expect(sent).toHaveLength(1)
    heartbeats.heard(5_000)
    expect(sent).toHaveLength(2)
  })

  it('gives the server a moment to be heard after the machine slept, instead of calling it silent', () => {
    const { wake, sent, silences, heartbeats } = setUpWithSlowTimers()
    wake(60_000)
    expect(silences).toEqual([])
    expect(sent.at(-1)).toMatchObject({ isReplyWanted: true })
    heartbeats.heard(60_010)
    wake(65_010)
    expect(silences).toEqual([])
  })

  it('calls the server silent when it says nothing after the machine slept either', () => {
    const { wake, silences } = setUpWithSlowTimers()
    wake(60_000)
    wake(62_000)
    expect(silences).toEqual([15_000])
  })

  it('sends nothing on its own and waits for ever when the server gives neither interval nor timeout', () => {
    const { time, sent, silences, heartbeats } = setUp({ intervalMs: 0, timeoutMs: 0 })
    heartbeats.heard()
    time.advance(3_600_000)
    expect(sent).toEqual([])
    expect(silences).toEqual([])
    expect(time.pendingEvents).toBe(0)
  })

  it('leaves no timer after stop()', () => {
    const { time, sent, heartbeats } = setUp()
    heartbeats.stop()
    expect(time.pendingEvents).toBe(0)
    time.advance(60_000)
    heartbeats.heard()
    expect(sent).toHaveLength(1)
  })
})

/** A clock whose timers fire when the test says so, as on a machine that was asleep. */
function setUpWithSlowTimers() {
  let nowMs = 0
  let timer: (() => void) | undefined
  const sent: Heartbeat[] = []
  const silences: number[] = []
  const heartbeats = new Heartbeats({
    clock: {
      nowMs: () => nowMs,
      setTimer(callback) {
        timer = callback
        return { cancel: () => {} }
      },
    },
    clockSync: new ClockSync(),
    intervalMs: 5_000,
    timeoutMs: 15_000,
    send: (heartbeat) => sent.push(heartbeat),
    onMeasured: () => {},
    onSilent: (silentMs) => silences.push(silentMs),
  })
  return {
    sent,
    silences,
    heartbeats: {
      heard(atMs: number) {
        nowMs = atMs
        heartbeats.heard()
      },
    },
    wake(atMs: number) {
      nowMs = atMs
      timer?.()
    },
  }
}
