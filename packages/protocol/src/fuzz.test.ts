import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FrameReader } from './frame.ts'
import { decodeHeartbeat } from './heartbeat.ts'
import { decodeMessagePack, encodeMessagePack } from './messagepack.ts'
import { Op } from './opcodes.ts'
import {
  type ClientPayloadName,
  ClientPayloads,
  decodeClientPayload,
  decodeServerPayload,
  type ServerPayloadName,
  ServerPayloads,
  salvageRequestId,
} from './payloads.ts'
import { decodeRoomData } from './room-data.ts'
import { decodeRoomState } from './room-state.ts'
import { fromHex } from './testing/bytes.ts'
import { fuzz, wireWeight } from './testing/fuzz.ts'
import { loadGoldenVectors } from './testing/golden.ts'
import { receive, type Sender } from './testing/receive.ts'
import { testSeed } from './testing/random.ts'

/** Inputs of each decoder; `FUZZ_SCALE=10` makes it a longer run. */
const scale = Number(process.env.FUZZ_SCALE ?? 1)
const inputs = {
  frames: 250_000,
  fixedLayout: 110_000,
  messagePack: 150_000,
  payload: 15_000,
  message: 20_000,
}

const clientNames = Object.keys(ClientPayloads) as ClientPayloadName[]
const serverNames = Object.keys(ServerPayloads) as ServerPayloadName[]
const { frames, tolerated, messages } = loadGoldenVectors()

function payloadsOf(op: string, sender?: Sender): Uint8Array[] {
  return [...frames, ...tolerated]
    .filter((vector) => vector.op === op && (sender === undefined || vector.sender === sender))
    .map(({ hex }) => fromHex(hex).subarray(3))
}

/** The decoder must take some inputs and refuse some, or the corpus tests nothing. */
function run(
  count: number,
  corpus: readonly Uint8Array[],
  refusals: readonly string[],
  decode: (input: Uint8Array) => void,
) {
  const { taken, refused } = fuzz({ seed: testSeed, inputs: count * scale, corpus, refusals, decode })
  expect(taken).toBeGreaterThan(0)
  expect(refused).toBeGreaterThan(0)
}

function expectProportionate(value: unknown, input: Uint8Array): void {
  const weight = wireWeight(value)
  if (weight > input.length) throw new Error(`${input.length} bytes became a value of at least ${weight}`)
}

// Collecting a stack for each of a million refusals would take longer than everything else.
const { stackTraceLimit } = Error
beforeAll(() => {
  Error.stackTraceLimit = 0
})
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit
})

describe('damaged input', { timeout: 20_000 * scale }, () => {
  it('amounts to a million', () => {
    const decoders = clientNames.length + serverNames.length
    const total =
      inputs.frames +
      3 * inputs.fixedLayout +
      inputs.messagePack +
      decoders * inputs.payload +
      2 * inputs.message
    expect(total).toBeGreaterThanOrEqual(1_000_000)
  })

  it('makes FrameReader stop with TRUNCATED_FRAME or end', () => {
    const reader = new FrameReader()
    const corpus = [...frames, ...messages].map(({ hex }) => fromHex(hex))
    run(inputs.frames, corpus, ['TRUNCATED_FRAME'], (input) => {
      reader.reset(input)
      let end = 0
      while (reader.next()) {
        if (reader.payloadOffset !== end + 3)
          throw new Error('a frame does not begin where the last one ended')
        end = reader.payloadOffset + reader.payloadLength
        if (reader.payload().length !== reader.payloadLength) throw new Error('a payload is cut off')
      }
      if (end !== input.length) throw new Error(`${input.length - end} byte(s) were not read`)
    })
  })

  it.each([
    ['Heartbeat', decodeHeartbeat],
    ['RoomData', decodeRoomData],
    ['RoomState', decodeRoomState],
  ] as const)('is refused by %s with INVALID_PAYLOAD or taken', (op, decode) => {
    run(inputs.fixedLayout, payloadsOf(op), ['INVALID_PAYLOAD'], (input) => {
      const decoded = decode(input)
      if ('data' in decoded && decoded.data.length !== input.length - 7) throw new Error('data is cut off')
    })
  })

  it('is refused by decodeMessagePack with INVALID_MESSAGEPACK, or can be encoded again', () => {
    const corpus = [...clientNames, ...serverNames].flatMap((op) => payloadsOf(op))
    run(inputs.messagePack, corpus, ['INVALID_MESSAGEPACK'], (input) => {
      const value = decodeMessagePack(input)
      expectProportionate(value, input)
      encodeMessagePack(value)
    })
  })

  const payloadRefusals = ['INVALID_MESSAGEPACK', 'INVALID_PAYLOAD']

  it.each(clientNames)('is refused by %s of the client or taken, and its request id never lies', (name) => {
    run(inputs.payload, payloadsOf(name, 'client'), payloadRefusals, (input) => {
      const id = salvageRequestId(input)
      if (!Number.isInteger(id) || id < 0 || id > 0xffff_ffff) throw new Error(`request id ${id}`)
      const payload = decodeClientPayload(name, input)
      expectProportionate(payload, input)
      if ('id' in payload && payload.id !== id) throw new Error(`request id ${id}, not ${payload.id}`)
    })
  })

  it.each(serverNames)('is refused by %s of the server or taken', (name) => {
    run(inputs.payload, payloadsOf(name, 'server'), payloadRefusals, (input) => {
      expectProportionate(decodeServerPayload(name, input), input)
    })
  })

  it.each(['client', 'server'] as const)(
    'in whole messages of the %s ends with one of the documented errors',
    (sender) => {
      const corpus = [...frames, ...messages]
        .filter((vector) => vector.sender === sender)
        .map(({ hex }) => fromHex(hex))
      const refusals = [
        'UNKNOWN_OP',
        'TRUNCATED_FRAME',
        'PAYLOAD_TOO_LARGE',
        'WRONG_DIRECTION',
        ...payloadRefusals,
      ]
      run(inputs.message, corpus, refusals, (input) => {
        const { fault } = receive(sender, input)
        if (fault !== undefined) throw fault
      })
    },
  )
})

describe('hostile input of full size', () => {
  /** 65,535 bytes that announce as much as they can, and nest. */
  const floods = [
    'dcffff',
    'ddffffffff',
    'deffffa161',
    'dc7fff',
    'dc0100',
    '91',
    '81a161',
    '9f',
    'dbffffffff',
    'c6ffffffff',
  ]

  it.each(floods)('a payload of nothing but %s is refused before anything is decoded', (unit) => {
    const payload = fromHex(unit.repeat(Math.floor(131_070 / unit.length)))
    const refused = expect.objectContaining({ error: 'INVALID_MESSAGEPACK' })
    expect(() => decodeMessagePack(payload)).toThrow(refused)
    for (const name of clientNames) expect(() => decodeClientPayload(name, payload)).toThrow(refused)
  })

  it('the most elements that a frame can hold become that many and no more', () => {
    const array = new Uint8Array(65_535).fill(0xc0)
    array.set(fromHex('dcfffc'))
    expect(decodeMessagePack(array.subarray(0, 65_535))).toHaveLength(65_532)
    const maps = new Uint8Array(65_535).fill(0x80)
    maps.set(fromHex('dcfffc'))
    expect(() => decodeMessagePack(maps)).not.toThrow()
  })

  it('a Heartbeat, RoomData or RoomState operation never reaches MessagePack', () => {
    for (const op of [Op.Heartbeat, Op.RoomData, Op.RoomState]) {
      const { fault } = receive('server', fromHex(`${op.toString(16).padStart(2, '0')}0300dcffff`))
      expect(fault?.error).toBe('INVALID_PAYLOAD')
    }
  })
})
