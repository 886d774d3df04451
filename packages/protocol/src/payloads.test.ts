import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireLimits as limits } from './limits.ts'
import { encodeMessagePack } from './messagepack.ts'
import { Op, type OpName } from './opcodes.ts'
import {
  type ClientPayload,
  type ClientPayloadName,
  ClientPayloads,
  checkPayloadSize,
  decodeClientPayload,
  decodeServerPayload,
  departure,
  encodeClientFrame,
  encodeServerFrame,
  matchedPlayer,
  partyMember,
  presence,
  resume,
  roomSummary,
  type ServerPayload,
  type ServerPayloadName,
  ServerPayloads,
  salvageRequestId,
  ticketStage,
} from './payloads.ts'
import type { FieldType } from './schema.ts'
import { clientPayloads, serverPayloads } from './testing/arbitraries.ts'
import { boundsOf } from './testing/bounds.ts'
import { fromHex, toHex } from './testing/bytes.ts'
import { loadGoldenVectors } from './testing/golden.ts'
import { receive, type Sender } from './testing/receive.ts'
import { checkProperty } from './testing/seeded.ts'

const clientNames = Object.keys(ClientPayloads) as ClientPayloadName[]
const serverNames = Object.keys(ServerPayloads) as ServerPayloadName[]
const invalid = expect.objectContaining({ error: 'INVALID_PAYLOAD' })

interface Schema {
  readonly name: string
  readonly fields: Readonly<Record<string, FieldType<unknown>>>
  check(value: unknown, path: string): unknown
}

/** A valid payload with every field, gathered from the golden vectors. */
function sampleOf(sender: Sender, op: string): Record<string, unknown> {
  const decoded = loadGoldenVectors()
    .frames.filter((vector) => vector.sender === sender && vector.op === op)
    .flatMap(({ hex }) => receive(sender, fromHex(hex)).frames.map(({ fields }) => fields))
  return Object.assign({}, ...decoded.reverse()) as Record<string, unknown>
}

const [samplePresence] = sampleOf('server', 'RoomJoin').members as [Record<string, unknown>]
const sampleDeparture = { member: 2, session: '5a17c09e44d2b3f8', reason: 'left' }
const [sampleRoom] = sampleOf('server', 'RoomList').rooms as [Record<string, unknown>]
const [sampleStage] = sampleOf('client', 'MatchmakerAdd').widen as [Record<string, unknown>]
const [samplePlayer] = sampleOf('server', 'MatchmakerTicket').players as [Record<string, unknown>]
const [samplePartyMember] = sampleOf('server', 'Party').members as [Record<string, unknown>]
const sampleJoins = { joins: [samplePresence], leaves: [sampleDeparture], away: [2], back: [2] }

const schemas: readonly [name: string, schema: Schema, sample: Record<string, unknown>][] = [
  ...clientNames.map(
    (op) => [`${op} of the client`, ClientPayloads[op] as Schema, sampleOf('client', op)] as const,
  ),
  ...serverNames.map(
    (op) =>
      [
        `${op} of the server`,
        ServerPayloads[op] as Schema,
        op === 'RoomPresence' ? { room: 1, ...sampleJoins } : sampleOf('server', op),
      ] as const,
  ),
  ['Presence', presence as Schema, { ...samplePresence, is_away: true }],
  ['Resume', resume as Schema, sampleOf('client', 'SessionStart').resume as Record<string, unknown>],
  ['Departure', departure as Schema, sampleDeparture],
  ['RoomSummary', roomSummary as Schema, { ...sampleRoom, is_locked: true }],
  ['TicketStage', ticketStage as Schema, sampleStage],
  ['MatchedPlayer', matchedPlayer as Schema, samplePlayer],
  ['PartyMember', partyMember as Schema, { ...samplePartyMember, is_away: true }],
].map(([name, schema, sample]) => [name as string, schema as Schema, sample as Record<string, unknown>])

describe('payload schemas', () => {
  it.each(schemas)('%s: the golden vectors show every field', (_, schema, sample) => {
    expect(Object.keys(sample).sort()).toEqual(Object.keys(schema.fields).sort())
    expect(schema.check(sample, '')).toEqual(sample)
  })

  it.each(schemas)(
    '%s: every field takes what its label says, up to the bound and not beyond',
    (_, schema, sample) => {
      for (const [field, type] of Object.entries(schema.fields)) {
        const { inside, outside } = boundsOf(type.label, sample[field])
        for (const value of inside) {
          expect(() => schema.check({ ...sample, [field]: value }, ''), `${field} inside`).not.toThrow()
        }
        for (const value of outside) {
          expect(() => schema.check({ ...sample, [field]: value }, ''), `${field} outside`).toThrow(
            expect.objectContaining({ error: 'INVALID_PAYLOAD', message: expect.stringContaining(field) }),
          )
        }
      }
    },
  )

  it.each(schemas)('%s: only optional fields may be missing', (_, schema, sample) => {
    for (const [field, type] of Object.entries(schema.fields)) {
      const { [field]: _left, ...rest } = sample
      if (type.isOptional === true) expect(schema.check(rest, ''), field).toEqual(rest)
      else expect(() => schema.check(rest, ''), field).toThrow(invalid)
    }
  })
})

describe('payload codecs', () => {
  it.each(clientNames)('%s of the client decodes to what was encoded', (name) => {
    checkProperty(
      fc.property(clientPayloads[name] as fc.Arbitrary<ClientPayload<ClientPayloadName>>, (payload) => {
        const frame = encodeClientFrame(name, payload)
        expect(frame[0]).toBe(Op[name])
        expect(decodeClientPayload(name, frame.subarray(3))).toEqual(payload)
      }),
    )
  })

  it.each(serverNames)('%s of the server decodes to what was encoded', (name) => {
    checkProperty(
      fc.property(serverPayloads[name] as fc.Arbitrary<ServerPayload<ServerPayloadName>>, (payload) => {
        const frame = encodeServerFrame(name, payload)
        expect(frame[0]).toBe(Op[name])
        expect(decodeServerPayload(name, frame.subarray(3))).toEqual(payload)
      }),
    )
  })

  it('refuses to encode what the server would refuse', () => {
    expect(() => encodeClientFrame('RoomLeave', { id: 0, room: 1 })).toThrow(invalid)
    expect(() => encodeClientFrame('Rpc', { id: 1, name: '' })).toThrow(invalid)
    expect(() => encodeClientFrame('Rpc', { id: 1, name: 'x', payload: new Date(0) })).toThrow(invalid)
  })

  it('writes the fields of a client in the order of the schema, and only those', () => {
    const payload = { room: 1, colour: 'red', id: 5 }
    expect(toHex(encodeClientFrame('RoomLeave', payload))).toBe(
      toHex(encodeClientFrame('RoomLeave', { id: 5, room: 1 })),
    )
  })

  it('leaves out optional fields that are undefined, of the client and of the server', () => {
    const request = encodeClientFrame('Rpc', { id: 1, name: 'a', payload: undefined })
    expect(request).toEqual(encodeClientFrame('Rpc', { id: 1, name: 'a' }))
    const reply = encodeServerFrame('RpcResponse', { id: 1, payload: undefined })
    expect(reply).toEqual(encodeServerFrame('RpcResponse', { id: 1 }))
  })
})

describe('payload sizes', () => {
  const control: readonly OpName[] = [
    'SessionStart',
    'SessionEnd',
    'Heartbeat',
    'SessionAck',
    'Error',
    'RoomCreate',
    'RoomLeave',
    'MatchmakerAdd',
    'MatchmakerRemove',
  ]

  it.each(Object.keys(Op) as OpName[])('%s has a bound, and is refused one byte above it', (name) => {
    const bound = control.includes(name) ? limits.controlBytes : limits.payloadBytes
    expect(() => checkPayloadSize(Op[name], bound)).not.toThrow()
    expect(() => checkPayloadSize(Op[name], bound + 1)).toThrow(
      expect.objectContaining({ error: 'PAYLOAD_TOO_LARGE', message: expect.stringContaining(name) }),
    )
  })

  it('bounds operations it does not know, too', () => {
    expect(() => checkPayloadSize(0x7f, limits.controlBytes + 1)).toThrow(/op 0x7f/)
  })

  it('is checked by the encoders', () => {
    const tooLarge = expect.objectContaining({ error: 'PAYLOAD_TOO_LARGE' })
    const params = (bytes: number) => ({ id: 1, module: 'm', params: { a: new Uint8Array(bytes) } })
    const around = encodeMessagePack(params(1000)).length - 1000
    const exact = limits.controlBytes - around
    expect(encodeClientFrame('RoomCreate', params(exact))).toHaveLength(limits.controlBytes + 3)
    expect(() => encodeClientFrame('RoomCreate', params(exact + 1))).toThrow(tooLarge)
    expect(() => encodeServerFrame('RpcResponse', { id: 1, payload: new Uint8Array(65_535) })).toThrow(
      tooLarge,
    )
    const details = { text: 'x'.repeat(limits.controlBytes) }
    expect(() =>
      encodeServerFrame('Error', { id: 1, op: 1, code: 100, name: '', message: '', details }),
    ).toThrow(tooLarge)
  })

  it('leaves room for every field of a SessionStart at its bound', () => {
    const vars = Object.fromEntries(
      Array.from({ length: limits.varsEntries }, (_, index) => [
        String(index).padStart(limits.varKeyBytes, 'k'),
        'v'.repeat(limits.varValueBytes),
      ]),
    )
    const versions = new Array<number>(limits.versionsOffered).fill(65_535)
    const username = 'u'.repeat(limits.usernameBytes)
    const token = 't'.repeat(limits.tokenBytes)
    expect(() =>
      encodeClientFrame('SessionStart', {
        id: 0xffff_ffff,
        versions,
        token,
        username,
        vars,
        client: 'c'.repeat(128),
      }),
    ).not.toThrow()
  })
})

describe('salvageRequestId', () => {
  it('finds the id of a payload whose other fields are wrong', () => {
    expect(salvageRequestId(encodeMessagePack({ id: 7, room: 'x' }))).toBe(7)
    expect(salvageRequestId(encodeMessagePack({ id: 0xffff_ffff }))).toBe(0xffff_ffff)
  })

  it.each<[string, unknown]>([
    ['no id', { room: 1 }],
    ['id 0', { id: 0 }],
    ['an id above 32 bits', { id: 2 ** 32 }],
    ['a negative id', { id: -1 }],
    ['a fraction', { id: 1.5 }],
    ['text', { id: '7' }],
    ['no map', [7]],
    ['nil', null],
    ['a number', 7],
  ])('is 0 for %s', (_, value) => {
    expect(salvageRequestId(encodeMessagePack(value))).toBe(0)
  })

  it('is 0 for what is not MessagePack', () => {
    expect(salvageRequestId(fromHex(''))).toBe(0)
    expect(salvageRequestId(fromHex('c1'))).toBe(0)
  })
})
