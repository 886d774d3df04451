import { describe, expect, it } from 'vitest'
import { Op, opName } from './opcodes.ts'
import { salvageRequestId } from './payloads.ts'
import { concat, fromHex, toHex } from './testing/bytes.ts'
import {
  encodeVector,
  type FrameVector,
  invalidMessage,
  loadGoldenVectors,
  toVectorFields,
} from './testing/golden.ts'
import { receive } from './testing/receive.ts'

const { frames, tolerated, messages, invalid } = loadGoldenVectors()
const byName = new Map(frames.map((vector) => [vector.name, vector] as const))

function fieldsOf({ sender, hex }: FrameVector): unknown[] {
  const { frames: received, fault } = receive(sender, fromHex(hex))
  if (fault !== undefined) throw fault
  return received.map(({ op, fields }) => ({ op, fields: toVectorFields(op, fields) }))
}

describe('golden frames', () => {
  it.each(frames)('$op: $name: fields encode to exactly these bytes', (vector) => {
    expect(toHex(encodeVector(vector))).toBe(vector.hex)
  })

  it.each(frames)('$op: $name: these bytes decode to exactly these fields', (vector) => {
    expect(fieldsOf(vector)).toEqual([{ op: vector.op, fields: vector.fields }])
  })

  it.each(tolerated)('$name', (vector) => {
    expect(fieldsOf(vector)).toEqual([{ op: vector.op, fields: vector.fields }])
  })

  it('cover every operation in every direction it has, and names are unique', () => {
    const senders = (op: string) => [
      ...new Set(frames.filter((frame) => frame.op === op).map(({ sender }) => sender)),
    ]
    const both = ['client', 'server']
    expect(Object.fromEntries(Object.keys(Op).map((op) => [op, senders(op).sort()]))).toEqual({
      SessionStart: both,
      SessionEnd: both,
      Heartbeat: both,
      Error: ['server'],
      SessionAck: both,
      RoomCreate: both,
      RoomJoin: both,
      RoomLeave: both,
      RoomData: both,
      RoomState: ['server'],
      RoomPresence: ['server'],
      RoomList: both,
      Rpc: ['client'],
      RpcResponse: ['server'],
      MatchmakerAdd: both,
      MatchmakerRemove: both,
      MatchmakerTicket: ['server'],
      Party: both,
    })
    const names = [...frames, ...tolerated, ...messages, ...invalid].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('agree with the MessagePack specification where it was worked out by hand', () => {
    // https://github.com/msgpack/msgpack/blob/master/spec.md#formats
    const requestByHand = [
      '10', // op RoomCreate
      '12 00', // 18 bytes of payload, little-endian
      '82', // fixmap: 0x80 | 2 pairs
      'a2 69 64', // fixstr: 0xa0 | 2 bytes, "id"
      '02', // positive fixint 2
      'a6 6d 6f 64 75 6c 65', // fixstr of 6, "module"
      'a5 61 72 65 6e 61', // fixstr of 5, "arena"
    ]
    expect(byName.get('RoomCreate request')?.hex).toBe(requestByHand.join('').replaceAll(' ', ''))
    const heartbeatByHand = [
      '03', // op Heartbeat
      '15 00', // 21 bytes
      '00', // flags: no reply wanted
      // 1794000000123456 = 0x65fa22cbc0240, lowest byte first
      '40 02 bc 2c a2 5f 06 00',
      '40 4b 4c 00 00 00 00 00', // 5000000 = 0x4c4b40
      'fa 00 00 00', // 250
    ]
    expect(byName.get('Heartbeat of the server, reply')?.hex).toBe(
      heartbeatByHand.join('').replaceAll(' ', ''),
    )
    const payload = byName.get('Rpc request, with a payload')?.hex ?? ''
    // The numbers 0, 127, 128, 255, 256, 65535, 65536, -1, -32, -33, 0.5 as fixint, uint 8, uint 16, uint 32,
    // negative fixint, int 8 and float 64 (sign 0, exponent 0x3fe, fraction 0).
    expect(payload).toContain('9b007fcc80ccffcd0100cdffffce00010000ffe0d0dfcb3fe0000000000000')
    expect(payload).toContain('a7c5bcc3b3c58277') // fixstr of 7: U+017C, U+00F3, U+0142 in two bytes each, "w"
  })
})

describe('golden messages', () => {
  it.each(messages)('$name: several frames travel in one message', ({ sender, frames: names, hex }) => {
    const parts = names.map((name) => fromHex(byName.get(name)?.hex ?? ''))
    expect(toHex(concat(...parts))).toBe(hex)
    const { frames: received, fault } = receive(sender, fromHex(hex))
    expect(fault).toBeUndefined()
    expect(received.map(({ op, fields }) => ({ op, fields: toVectorFields(op, fields) }))).toEqual(
      names.map((name) => ({ op: byName.get(name)?.op, fields: byName.get(name)?.fields })),
    )
  })
})

describe('invalid messages', () => {
  it.each(invalid)('$name: $error', (vector) => {
    const { frames: received, fault } = receive(vector.sender, invalidMessage(vector))
    expect(fault?.error).toBe(vector.error)
    expect(received).toHaveLength(vector.frames_before)
  })

  it('show every error that a codec can raise', () => {
    expect([...new Set(invalid.map(({ error }) => error))].sort()).toEqual([
      'INVALID_MESSAGEPACK',
      'INVALID_PAYLOAD',
      'MESSAGE_TOO_LARGE',
      'PAYLOAD_TOO_LARGE',
      'TRUNCATED_FRAME',
      'UNKNOWN_OP',
      'WRONG_DIRECTION',
    ])
  })

  it('still give away the id of the request they were, when that can be read', () => {
    const idOf = (name: string) => {
      const vector = invalid.find((entry) => entry.name === name)
      return vector === undefined ? undefined : salvageRequestId(fromHex(vector.hex).subarray(3))
    }
    expect(idOf('a missing field')).toBe(5)
    expect(idOf('a name of 129 bytes')).toBe(7)
    expect(idOf('request id 0')).toBe(0)
    expect(idOf('a payload that is not a map')).toBe(0)
    expect(idOf('bytes after the payload')).toBe(0)
  })
})

it('every operation of the vectors has the code that its first byte says', () => {
  for (const { op, hex } of [...frames, ...tolerated])
    expect(opName(Number.parseInt(hex.slice(0, 2), 16))).toBe(op)
})
