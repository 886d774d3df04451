import { encodeServerFrame, KaosError, Op, WireLimits } from '@kaosnet/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { checkProperty } from '../testing/property.ts'
import { createTestPeer, type TestPeer } from '../testing/test-session.ts'
import { clipUtf8, type PeerOptions } from './peer.ts'

const frame = Uint8Array.of(Op.RoomData, 7, 0, 1, 0, 1, 9, 0, 0, 0)

interface World extends TestPeer {
  readonly clock: ManualClock
  /** What the peer reported about itself. */
  readonly reports: string[]
}

function world(options: Partial<PeerOptions> = {}): World {
  const clock = new ManualClock({ nowMs: 5_000, unixMs: 1_000_000 })
  const reports: string[] = []
  const observer = {
    frameSent: (op: number, sizeBytes: number) => reports.push(`sent ${op} ${sizeBytes}`),
    errorSent: (code: number) => reports.push(`error ${code}`),
    framesSuperseded: (count: number) => reports.push(`superseded ${count}`),
  }
  return { ...createTestPeer(clock, { observer, ...options }), clock, reports }
}

describe('sending', () => {
  it('hands each frame over in its class and lane, and reports it', () => {
    const { peer, connection, reports } = world()
    peer.send(frame, 'unreliable', 3)
    peer.send(frame)
    expect(connection.sent.map(({ delivery, lane }) => [delivery, lane])).toEqual([
      ['unreliable', 3],
      ['reliable', 0],
    ])
    expect(reports).toEqual(['sent 19 10', 'sent 19 10'])
  })

  it('takes what rooms send as data and state for reliable, and everything else that must arrive for control', () => {
    const { peer, connection } = world()
    for (const op of [Op.RoomData, Op.RoomState, Op.RoomPresence, Op.RpcResponse, Op.Error, Op.SessionAck]) {
      peer.send(Uint8Array.of(op, 0, 0), 'reliable', 1)
    }
    peer.send(frame, 'unreliable', 1)
    peer.sendHeartbeat(false)
    expect(connection.sent.map(({ op, queueClass }) => `${op} ${queueClass}`)).toEqual([
      'RoomData reliable',
      'RoomState reliable',
      'RoomPresence control',
      'RpcResponse control',
      'Error control',
      'SessionAck control',
      'RoomData unreliable',
      'Heartbeat unreliable',
    ])
  })

  it('flushes once per turn, however much was sent', () => {
    const { peer, connection, clock } = world()
    for (let i = 0; i < 5; i++) peer.send(frame)
    expect(connection.flushes).toBe(0)
    clock.turn()
    expect(connection.flushes).toBe(1)
    clock.turn()
    expect(connection.flushes).toBe(1)
    peer.send(frame)
    clock.turn()
    expect(connection.flushes).toBe(2)
  })

  it('reports frames that were superseded, each once', () => {
    const { peer, connection, clock, reports } = world()
    const flushWith = (superseded: number): void => {
      connection.supersededFrames = superseded
      peer.send(frame, 'unreliable', 1)
      clock.turn()
    }
    flushWith(0)
    flushWith(3)
    flushWith(3)
    flushWith(5)
    expect(reports.filter((report) => report.startsWith('superseded'))).toEqual([
      'superseded 3',
      'superseded 2',
    ])
  })

  it('names the request, the operation and the code in an error', () => {
    const { peer, connection, reports } = world()
    const error = new KaosError('UNSUPPORTED_VERSION', 'no', { details: { supported: [1] } })
    peer.sendError(error, Op.SessionStart, 42)
    expect(connection.payloads('Error')).toEqual([
      {
        id: 42,
        op: Op.SessionStart,
        code: 108,
        name: 'UNSUPPORTED_VERSION',
        message: 'no',
        details: { supported: [1] },
      },
    ])
    expect(reports[0]).toBe('error 108')
  })

  it('cuts an error text that is too long', () => {
    const { peer, connection } = world()
    peer.sendError(new KaosError('RPC_FAILED', 'é'.repeat(2_000)), Op.Rpc, 1)
    expect(connection.payloads('Error')[0]?.message).toBe('é'.repeat(WireLimits.errorMessageBytes / 2))
  })
})

describe('a slow consumer', () => {
  const control = encodeServerFrame('RoomCreate', { id: 1, room_id: 'r' })

  function slow(): World & { readonly told: [string, number][] } {
    const told: [string, number][] = []
    const all = world({
      controlQueueBytes: 500,
      reliableQueueBytes: 1_000,
      onSlowConsumer: (_peer, bound) => told.push([bound, all.connection.sent.length]),
    })
    return { ...all, told }
  }

  it('is told to the owner once, when more reliable bytes wait than may', () => {
    const { peer, connection, told } = slow()
    connection.queued.reliable = 1_000
    peer.send(frame)
    expect(told).toEqual([])
    connection.queued.reliable = 1_001
    peer.send(frame)
    expect(told).toEqual([['reliableQueueBytes', 2]])
    peer.send(frame)
    peer.send(control)
    expect(told).toHaveLength(1)
  })

  it('is nobody who is sent much in one turn and takes it', () => {
    const { peer, connection, told } = slow()
    connection.queued.reliable = 5_000
    connection.flush = () => {
      connection.queued.reliable = 0
    }
    peer.send(frame)
    expect(told).toEqual([])
  })

  it('is told of when more answers wait than may', () => {
    const { peer, connection, told } = slow()
    connection.queued.control = 500
    peer.send(control)
    expect(told).toEqual([])
    connection.queued.control = 501
    peer.send(control)
    expect(told).toEqual([['controlQueueBytes', 2]])
  })

  it('has an allowance for each class, which the others cannot use up', () => {
    const { peer, connection, told } = slow()
    connection.queued.reliable = 5_000
    connection.queued.unreliable = 5_000
    peer.send(control)
    peer.sendError(new KaosError('INTERNAL'), 0, 0)
    connection.queued.reliable = 0
    connection.queued.control = 5_000
    peer.send(frame)
    expect(told).toEqual([])
  })

  it('is sent nothing more', () => {
    const { peer, connection } = slow()
    connection.queued.reliable = 2_000
    for (let i = 0; i < 5; i++) peer.send(frame)
    expect(connection.sent).toHaveLength(1)
  })

  it('is no slow consumer for unreliable data, which does not queue', () => {
    const { peer, connection, told } = slow()
    connection.queued.control = 2_000
    connection.queued.reliable = 2_000
    connection.queued.unreliable = 2_000
    peer.send(frame, 'unreliable', 1)
    peer.sendHeartbeat(true)
    expect(told).toEqual([])
  })

  it('still hears why it is closed, and is not reported again', () => {
    const { peer, connection, told } = slow()
    connection.queued.reliable = 2_000
    peer.send(frame)
    peer.close(504, 'too slow')
    expect(connection.payloads('SessionEnd')).toEqual([{ code: 504, reason: 'too slow' }])
    expect(told).toHaveLength(1)
  })
})

describe('closing', () => {
  it('says why, then closes the connection, once', () => {
    const { peer, connection, reports } = world()
    peer.close(900, 'maintenance', 5_000)
    peer.close(0, 'again')
    expect(connection.payloads('SessionEnd')).toEqual([
      { code: 900, reason: 'maintenance', retry_after_ms: 5_000 },
    ])
    expect(connection.closed).toEqual({ code: 900, reason: 'maintenance' })
    expect(peer.isClosed).toBe(true)
    expect(reports).toEqual([`sent ${Op.SessionEnd} ${3 + (connection.sent[0]?.payload.length ?? 0)}`])
  })

  it('leaves out when to come back if nothing is known of it', () => {
    const { peer, connection } = world()
    peer.close(0, '')
    expect(connection.payloads('SessionEnd')).toEqual([{ code: 0, reason: '' }])
  })

  it('cuts a reason that is too long', () => {
    const { peer, connection } = world()
    peer.close(0, 'x'.repeat(600))
    expect(connection.payloads('SessionEnd')[0]?.reason).toBe('x'.repeat(WireLimits.reasonBytes))
  })

  it('ends all sending and flushing', () => {
    const { peer, connection, clock } = world()
    peer.send(frame)
    peer.close(0, '')
    const sent = connection.sent.length
    peer.send(frame)
    peer.sendError(new KaosError('INTERNAL'), 0, 0)
    peer.sendHeartbeat(true)
    clock.turn()
    expect([connection.sent.length, connection.flushes]).toEqual([sent, 0])
  })

  it('sends nothing once the connection is gone', () => {
    const { peer, connection, clock } = world()
    peer.send(frame)
    peer.markClosed()
    peer.send(frame)
    peer.close(0, '')
    clock.turn()
    expect(connection.sent).toHaveLength(1)
    expect([connection.flushes, connection.closed]).toEqual([0, undefined])
  })
})

describe('heartbeats', () => {
  const heartbeat = { isReplyWanted: true, sentUs: 77_000, echoUs: 0, holdUs: 0 }

  it('are answered at once with the other side’s time and ours', () => {
    const { peer, connection } = world()
    peer.handleHeartbeat(heartbeat)
    expect(connection.heartbeats).toEqual([
      { isReplyWanted: false, sentUs: 1_000_000_000, echoUs: 77_000, holdUs: 0 },
    ])
    expect(connection.sent[0]).toMatchObject({ delivery: 'unreliable', lane: 0 })
  })

  it('are not answered when no answer is wanted', () => {
    const { peer, connection } = world()
    peer.handleHeartbeat({ ...heartbeat, isReplyWanted: false })
    expect(connection.sent).toEqual([])
  })

  it('of ours say how long we held the other side’s', () => {
    const { peer, connection, clock } = world()
    peer.handleHeartbeat({ ...heartbeat, isReplyWanted: false })
    clock.stall(2_500.5)
    peer.sendHeartbeat(true)
    expect(connection.heartbeats).toEqual([
      { isReplyWanted: true, sentUs: 1_002_500_500, echoUs: 77_000, holdUs: 2_500_500 },
    ])
  })

  it('of ours echo nothing before the first of the other side', () => {
    const { peer, connection } = world()
    peer.sendHeartbeat(true)
    expect(connection.heartbeats).toMatchObject([{ echoUs: 0, holdUs: 0 }])
  })

  it('give the round trip without the time the other side held ours', () => {
    const { peer, connection, clock } = world()
    peer.sendHeartbeat(true)
    clock.stall(130)
    const echoUs = connection.heartbeats[0]?.sentUs ?? 0
    peer.handleHeartbeat({ isReplyWanted: false, sentUs: 1, echoUs, holdUs: 50_000 })
    expect(peer.latency.rttMs).toBeCloseTo(80)
  })

  it('give no round trip when they echo none of ours', () => {
    const { peer } = world()
    peer.handleHeartbeat(heartbeat)
    expect(peer.latency.rttMs).toBe(0)
  })
})

describe('a new peer', () => {
  it('was opened and heard of now', () => {
    const { peer } = world()
    expect([peer.openedMs, peer.lastHeardMs, peer.isClosed]).toEqual([5_000, 5_000, false])
  })
})

describe('clipUtf8', () => {
  it('gives the longest beginning of whole characters that fits', () => {
    checkProperty(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat({ max: 120 }), (text, maxBytes) => {
        const clipped = clipUtf8(text, maxBytes)
        expect(text.startsWith(clipped)).toBe(true)
        expect(Buffer.byteLength(clipped)).toBeLessThanOrEqual(maxBytes)
        const [next] = text.slice(clipped.length)
        if (next !== undefined) expect(Buffer.byteLength(clipped + next)).toBeGreaterThan(maxBytes)
      }),
    )
  })
})
