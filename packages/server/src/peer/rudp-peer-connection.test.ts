import { encodeFrame, Op, BatchPool, LaneBatches } from '@kaosnet/protocol'
import type { RudpConnection } from '@kaosnet/rudp'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { RudpPeerConnection } from './rudp-peer-connection.ts'
import type { QueueClass } from './transport.ts'

const UNRELIABLE_QUEUE_BYTES = 100_000
/** kaos-rudp takes no unreliable message that is larger. */
const UNRELIABLE_MESSAGE_BYTES = 8_800

interface Sent {
  readonly channel: number
  readonly mode: string
  readonly sizeBytes: number
  /** The first byte of the first frame's payload. */
  readonly mark: number
}

/** A kaos-rudp that acknowledges when the test says so. */
function world() {
  const clock = new ManualClock()
  const sent: Sent[] = []
  const ordered = new Map<number, number>()
  let result: 'queued' | 'blocked' | 'closed' | 'superseded' = 'queued'
  const rudp = {
    remote: { ip: '203.0.113.1', port: 1 },
    send: (channel: number, mode: string, data: Uint8Array) => {
      const isTooLarge = mode === 'unreliable-sequenced' && data.length > UNRELIABLE_MESSAGE_BYTES
      if (isTooLarge) return 'too-large'
      if (result === 'superseded' && mode === 'unreliable-sequenced') return result
      if (result === 'blocked' || result === 'closed') return result
      sent.push({ channel, mode, sizeBytes: data.length, mark: data[3] ?? 0 })
      if (mode === 'reliable-ordered') ordered.set(channel, (ordered.get(channel) ?? 0) + 1)
      return 'queued'
    },
    flush: () => {},
    orderedMessages: (channel: number) => ordered.get(channel) ?? 0,
    stats: () => ({ sendQueueBytes: 0 }),
    close: () => {},
    onClose: undefined as RudpConnection['onClose'],
  }
  const connection = new RudpPeerConnection(rudp as unknown as RudpConnection, {
    clock,
    batches: new BatchPool(() => new LaneBatches()),
    unreliableQueueBytes: UNRELIABLE_QUEUE_BYTES,
    onGone: () => {},
    readAtMs: () => clock.nowMs(),
  })
  connection.attach({ onMessage: () => {}, onBadMessage: () => {}, onClosed: () => {} }, 262_144)
  return {
    clock,
    sent,
    connection,
    acknowledge: (channel: number, messages: number) =>
      ordered.set(channel, (ordered.get(channel) ?? 0) - messages),
    answer: (why: typeof result) => {
      result = why
    },
    vanish: () => rudp.onClose?.({ code: 0, reason: '', byPeer: true }),
    queued: () => (['control', 'reliable', 'unreliable'] as const).map((of) => connection.queuedBytes(of)),
  }
}

const data = (sizeBytes: number, mark = 0) =>
  encodeFrame(Op.RoomData, new Uint8Array(sizeBytes - 3).fill(mark))
const presence = (sizeBytes: number) => encodeFrame(Op.RoomPresence, new Uint8Array(sizeBytes - 3))

describe('what waits on a kaos-rudp connection', () => {
  it('is counted by class, though both share the messages of a lane, until it is acknowledged', () => {
    const { connection, queued, acknowledge } = world()
    const send = (frame: Uint8Array, queueClass: QueueClass, lane: number) => {
      connection.send(frame, queueClass, lane)
      return frame.length
    }
    send(data(60_000), 'reliable', 1)
    send(presence(50_000), 'control', 1)
    send(presence(40_000), 'control', 2)
    connection.flush()
    send(data(30_000), 'reliable', 1)
    connection.flush()
    send(data(5), 'reliable', 2)
    expect(queued()).toEqual([90_000, 90_005, 0])
    acknowledge(1, 1)
    expect(queued()).toEqual([90_000, 30_005, 0])
    acknowledge(1, 1)
    expect(queued()).toEqual([40_000, 30_005, 0])
    acknowledge(2, 1)
    acknowledge(1, 1)
    connection.flush()
    for (let frame = 0; frame < 20; frame++) send(data(4_000), 'reliable', 1)
    expect(connection.queuedBytes('reliable')).toBe(80_005)
  })

  it('keeps no account of what was acknowledged long ago, however small', () => {
    const { connection, sent, acknowledge } = world()
    for (let turn = 0; turn < 5_000; turn++) {
      connection.send(data(10), 'reliable', 1)
      connection.flush()
      if (turn >= 10) acknowledge(1, 1)
    }
    expect(sent).toHaveLength(5_000)
    connection.send(data(65_000), 'reliable', 1)
    connection.send(data(600), 'reliable', 1)
    expect(connection.queuedBytes('reliable')).toBe(10 * 10 + 65_600)
  })

  it('is collected for few messages when a thousand are not acknowledged, and goes on once they are', () => {
    const { connection, sent, acknowledge, clock, queued } = world()
    for (let turn = 0; turn < 10_000; turn++) {
      connection.send(data(20), 'reliable', 1)
      connection.send(data(20, 7), 'unreliable', 1)
      connection.flush()
    }
    const reliable = () => sent.filter(({ mode }) => mode === 'reliable-ordered')
    const few = reliable().length
    expect(few).toBeLessThan(1_030)
    expect(sent.length - few).toBe(10_000)
    expect(queued()).toEqual([0, 200_000, 0])
    acknowledge(1, 1_000)
    clock.advance(10)
    expect(reliable().reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0)).toBe(200_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('has no end when kaos-rudp refuses it, and counts nothing on a connection that is closed', () => {
    const refused = world()
    refused.answer('blocked')
    refused.connection.send(data(10), 'reliable', 1)
    refused.connection.flush()
    expect(refused.connection.queuedBytes('reliable')).toBe(Number.POSITIVE_INFINITY)
    const closed = world()
    closed.answer('closed')
    closed.connection.send(data(10), 'reliable', 1)
    closed.connection.send(presence(10), 'control', 1)
    closed.connection.flush()
    expect(closed.queued()).toEqual([0, 0, 0])
  })
})

describe('unreliable frames', () => {
  it('that newer ones replaced are counted, each of them, though they share messages', () => {
    const { connection, answer } = world()
    const send = (frames: number): void => {
      for (let frame = 0; frame < frames; frame++) connection.send(data(50), 'unreliable', 3)
      connection.flush()
    }
    send(5)
    answer('superseded')
    send(2)
    expect(connection.supersededFrames).toBe(5)
    send(1)
    expect(connection.supersededFrames).toBe(7)
  })
})

describe('unreliable frames that are too large for one unreliable message', () => {
  it('go reliably, within the bound; beyond it the newest of each lane waits', () => {
    const { connection, sent, queued, clock, acknowledge } = world()
    for (let mark = 1; mark <= 10; mark++) {
      connection.send(data(30_000, mark), 'unreliable', 1)
      connection.send(data(10, mark), 'unreliable', 2)
      connection.flush()
    }
    const large = () => sent.filter(({ channel }) => channel === 1).map(({ mark }) => mark)
    expect(large()).toEqual([1, 2, 3])
    expect(sent.filter(({ channel }) => channel === 2)).toHaveLength(10)
    expect(connection.supersededFrames).toBe(6)
    expect(queued()).toEqual([0, 0, 120_000])
    clock.advance(100)
    expect(large()).toEqual([1, 2, 3])
    acknowledge(1, 1)
    clock.advance(10)
    expect(large()).toEqual([1, 2, 3, 10])
    expect(clock.pendingTimers).toBe(0)
    acknowledge(1, 3)
    expect(queued()).toEqual([0, 0, 0])
  })

  it('leave no timer behind when the connection goes', () => {
    const { connection, clock, vanish } = world()
    for (let mark = 1; mark <= 10; mark++) {
      connection.send(data(30_000, mark), 'unreliable', 1)
      connection.flush()
    }
    expect(clock.pendingTimers).toBe(1)
    vanish()
    expect(clock.pendingTimers).toBe(0)
  })
})
