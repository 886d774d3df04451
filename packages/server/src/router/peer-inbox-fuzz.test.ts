import {
  encodeClientFrame,
  encodeFrame,
  encodeHeartbeat,
  encodeRoomData,
  Op,
  type ServerPayloadName,
  ServerPayloads,
} from '@kaosnet/protocol'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { settled } from '../testing/promises.ts'
import { checkAsyncProperty } from '../testing/property.ts'
import { type RouterWorld, routerWorld } from '../testing/router-world.ts'
import { testMetrics } from '../testing/test-metrics.ts'

const metrics = testMetrics()
afterAll(() => metrics.close())

const id = fc.integer({ min: 1, max: 50 })
const roomId = fc.constantFrom('12345678-1234-4234-8234-123456789abc', 'x'.repeat(36))
const goodFrame = fc.oneof(
  id.map((n) => encodeClientFrame('SessionStart', { id: n, versions: [1] })),
  fc.boolean().map((isReplyWanted) => encodeHeartbeat({ isReplyWanted, sentUs: 1, echoUs: 2, holdUs: 3 })),
  id.map((n) => encodeClientFrame('RoomCreate', { id: n, module: n % 2 === 0 ? 'game' : 'nope' })),
  fc.tuple(id, roomId).map(([n, room_id]) => encodeClientFrame('RoomJoin', { id: n, room_id })),
  id.map((n) => encodeClientFrame('RoomLeave', { id: n, room: n })),
  id.map((n) => encodeClientFrame('RoomList', { id: n })),
  fc
    .tuple(id, fc.jsonValue({ maxDepth: 4 }))
    .map(([n, payload]) => encodeClientFrame('Rpc', { id: n, name: 'echo', payload })),
  fc
    .tuple(fc.nat({ max: 9 }), fc.uint8Array({ maxLength: 20 }), fc.boolean())
    .map(([room, data, isMessagePack]) =>
      encodeRoomData({ room, isReliable: true, isMessagePack, op: 1, sender: 0, data }),
    ),
)
const anyFrame = fc
  .tuple(
    fc.oneof(fc.constantFrom(...Object.values(Op)), fc.nat({ max: 255 })),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(([op, payload]) => encodeFrame(op, payload))
/** A frame with some of its bytes changed. */
const mutated = fc
  .tuple(goodFrame, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }))
  .map(([frame, changes]) => {
    const bytes = Uint8Array.from(frame)
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte
    return bytes
  })
const message = fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.oneof(goodFrame, anyFrame, mutated), { maxLength: 6 }).map(join) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
)

/** Decoding them checks them as a client would. */
const serverOps = Object.keys(ServerPayloads) as ServerPayloadName[]

function join(frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames))
}

/** Starts the rooms and grants the seats that were asked for, as a host does. */
function playHost({ host, gateway }: RouterWorld): void {
  for (const command of host.commands.splice(0)) {
    if (command.kind === 'create') {
      gateway.roomRunning(command.spec.id, { label: '', tickHz: 10, maxPlayers: 2, version: 'v1' })
    } else if (command.kind === 'join') gateway.joinAccepted(command.roomId, command.member.member)
  }
}

describe('whatever a peer sends', () => {
  it.each([
    ['with a bound on violations', 20],
    ['without one', 10_000_000],
  ])(
    'nothing throws, every answer is a valid frame, and no fault is the server’s (%s)',
    async (_, violations) => {
      await checkAsyncProperty(
        fc.asyncProperty(
          fc.boolean(),
          fc.array(message, { maxLength: 25, size: 'max' }),
          async (isStarted, messages) => {
            const world = routerWorld(
              metrics,
              { limits: { violations } },
              { rpcs: ['echo'], after: ['room_data'] },
            )
            const { connection, inbox, start } = world.connect()
            if (isStarted) await start()
            for (const bytes of messages) {
              inbox.onMessage(bytes)
              // The transport takes its buffer back at once.
              bytes.fill(0)
              await settled()
              playHost(world)
            }
            for (const name of serverOps) connection.payloads(name)
            expect(connection.errors).not.toContain('INTERNAL')
            expect(world.log.messages('error')).toEqual([])
            if (connection.closed !== undefined) expect([0, 109]).toContain(connection.closed.code)
            inbox.onClosed('dropped')
            expect(world.sessions.size).toBe(0)
            for (const room of world.rooms) expect(room.size).toBe(0)
          },
        ),
        120,
      )
    },
  )
})
