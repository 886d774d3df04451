import { decodeLaneCounts, encodeLaneCounts, encodeServerFrame, FrameReader, Op } from '@kaosnet/protocol'
import { describe, expect, it } from 'vitest'
import { SessionLanes } from './session-lanes.ts'
import { HANDLE, joinReply } from './testing/world.ts'

function receive(lanes: SessionLanes, frame: Uint8Array, isDown = false): boolean {
  const reader = new FrameReader()
  reader.reset(frame)
  reader.next()
  return lanes.receive(reader.op, reader.payload(), isDown)
}

const reply = encodeServerFrame('RpcResponse', { id: 1 })
const left = encodeServerFrame('RoomLeave', { id: 0, room: HANDLE, reason: 'kicked' })
/** Without a payload. */
const frame = (first: number): Uint8Array => new Uint8Array([first, 0, 0])

/** What is sent on resume: lane and first byte of each frame, the acknowledgement that ends it left out. */
function replayed(lanes: SessionLanes): [number, number | undefined][] {
  const frames: [number, number | undefined][] = []
  lanes.replay((bytes, lane) => frames.push([lane, bytes[0]]) > 0)
  expect(frames.pop()).toEqual([0, Op.SessionAck])
  return frames
}

describe('SessionLanes', () => {
  it('counts what it receives, lane by lane, and nothing of lane 0 while the session is not resumed', () => {
    const lanes = new SessionLanes(1_000)
    receive(lanes, reply)
    receive(lanes, reply, true)
    receive(lanes, joinReply(1), true)
    receive(lanes, reply)
    expect(lanes.receivedCounts()).toEqual(
      new Map([
        [0, 2],
        [HANDLE, 1],
      ]),
    )
  })

  it('says when an acknowledgement is due', () => {
    const lanes = new SessionLanes(1_000)
    const due = Array.from({ length: 64 }, () => receive(lanes, reply))
    expect(due.indexOf(true)).toBe(63)
    const ack = lanes.takeAck() ?? new Uint8Array()
    expect(decodeLaneCounts(ack.subarray(3))).toEqual(new Map([[0, 64]]))
    expect(lanes.takeAck()).toBeUndefined()
  })

  it('names a room we are out of until the server has confirmed that, and sends nothing more to it', () => {
    const lanes = new SessionLanes(1_000)
    receive(lanes, joinReply(1))
    lanes.sent(HANDLE, frame(1))
    receive(lanes, left)
    expect(lanes.receivedCounts().get(HANDLE)).toBe(2)
    expect(replayed(lanes)).toEqual([])
    lanes.handleAck(encodeLaneCounts(new Map([[HANDLE, 0]])))
    expect(lanes.receivedCounts().has(HANDLE)).toBe(false)
  })

  it('sends again what the server has not got, copied, and stops when it is not taken', () => {
    const lanes = new SessionLanes(1_000)
    for (const first of [1, 2, 3]) lanes.sent(0, frame(first))
    lanes.resume(lanes.receivedCounts(), encodeLaneCounts(new Map([[0, 1]])))
    expect(replayed(lanes)).toEqual([
      [0, 2],
      [0, 3],
    ])
    let calls = 0
    expect(lanes.replay(() => ++calls < 1)).toBe(false)
    expect(calls).toBe(1)
  })

  it('refuses to resume when more was lost than is kept', () => {
    const lanes = new SessionLanes(5)
    lanes.sent(0, frame(1))
    lanes.sent(0, frame(2))
    const nothing = encodeLaneCounts(new Map([[0, 0]]))
    expect(() => lanes.resume(lanes.receivedCounts(), nothing)).toThrowError(
      expect.objectContaining({ error: 'RESUME_REFUSED' }),
    )
  })

  it('refuses what it cannot keep for the next connection', () => {
    const lanes = new SessionLanes(5)
    expect(lanes.keep(0, frame(1))).toBe(true)
    expect(() => lanes.keep(0, frame(2))).toThrowError(expect.objectContaining({ error: 'RATE_LIMITED' }))
    expect(replayed(lanes)).toEqual([[0, 1]])
  })
})
