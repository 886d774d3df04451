import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ScriptCall } from '../../room/room-host.ts'
import { checkProperty } from '../../testing/property.ts'
import { BatchReader, BatchWriter } from './batch.ts'
import { type CommandHandler, CommandWriter, readCommands } from './host-commands.ts'
import { type EventHandler, EventWriter, readEvents } from './host-events.ts'

type Call = readonly [name: string, ...args: unknown[]]

/** Notes every call of an interface, with copies of views. */
function recorder<T extends object>(): { calls: Call[]; handler: T } {
  const calls: Call[] = []
  const handler = new Proxy({} as T, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        calls.push([String(name), ...args.map(copied)]),
  })
  return { calls, handler }
}

function copied(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (typeof value === 'object' && value !== null && 'data' in value && value.data instanceof Uint8Array) {
    return { ...value, data: new Uint8Array(value.data) }
  }
  return value
}

const bytes = fc.uint8Array({ maxLength: 40_000, size: 'medium' })
const u32 = fc.nat(0xffff_ffff)
const member = fc.integer({ min: 1, max: 65_535 })
const value = fc.anything({ withBigInt: true, maxDepth: 3 })
const traits = fc.record({
  label: fc.string(),
  tickHz: fc.double({ min: 1, max: 128, noNaN: true }),
  maxPlayers: fc.nat(65_535),
  version: fc.string(),
})

const command: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constant('create'), u32, fc.record({ module: fc.string(), params: value })),
  fc.tuple(fc.constant('join'), u32, fc.record({ member, username: fc.string() })),
  fc.tuple(fc.constant('leave'), u32, member, fc.constantFrom('left', 'dropped', 'kicked', 'shutdown')),
  fc.tuple(
    fc.constant('input'),
    u32,
    member,
    fc.record({ op: fc.nat(65_535), isReliable: fc.boolean(), isMessagePack: fc.boolean(), data: bytes }),
    fc.option(fc.double({ min: 1, noNaN: true }), { nil: undefined }),
  ),
  fc.tuple(fc.constant('end'), u32, fc.constantFrom('closed', 'shutdown'), fc.double({ noNaN: true })),
  fc.tuple(fc.constant('invoke'), u32, fc.record({ kind: fc.constant('rpc'), payload: value })),
  fc.tuple(fc.constant('prepare'), u32, fc.record({ version: fc.string() })),
  fc.constant<Call>(['activate']),
  fc.constant<Call>(['report']),
)

const event: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constant('running'), u32, traits),
  fc.tuple(fc.constant('ended'), u32, fc.record({ reason: fc.constant('failed'), error: fc.string() })),
  fc.tuple(fc.constant('joinAccepted'), u32, member),
  fc.tuple(fc.constant('joinRejected'), u32, member, fc.option(fc.string(), { nil: undefined })),
  fc.tuple(fc.constant('inputRefused'), u32, member, fc.record({ error: fc.constant('ROOM_BUSY') })),
  fc.tuple(
    fc.constant('data'),
    u32,
    bytes,
    fc.boolean(),
    fc.option(fc.array(member, { maxLength: 100 }), { nil: undefined }),
    fc.double({ noNaN: true }),
  ),
  fc.tuple(fc.constant('state'), u32, bytes),
  fc.tuple(fc.constant('kicked'), u32, member, fc.string()),
  fc.tuple(fc.constant('traits'), u32, traits),
  fc.tuple(fc.constant('outcome'), u32, fc.record({ kind: fc.constant('value'), value })),
  fc.tuple(fc.constant('call'), u32, fc.record({ method: fc.string(), args: fc.array(value) })),
  fc.tuple(fc.constant('log'), fc.record({ level: fc.constant('info'), message: fc.string() })),
)

/** Calls a writer's methods. */
function write(writer: object, calls: readonly Call[]): void {
  for (const [name, ...args] of calls) {
    ;(writer as Record<string, (...args: readonly unknown[]) => void>)[name]?.(...args)
  }
}

describe('batches', () => {
  it('of commands are carried out as they were given, in order', () => {
    checkProperty(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const batch = new BatchWriter()
        write(new CommandWriter(batch), commands)
        const { calls, handler } = recorder<CommandHandler>()
        readCommands(new BatchReader(batch.take()), handler)
        expect(calls).toEqual(commands)
      }),
    )
  })

  it('of events are told as they happened, in order', () => {
    checkProperty(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const batch = new BatchWriter()
        write(new EventWriter(batch), events)
        const { calls, handler } = recorder<EventHandler>()
        readEvents(new BatchReader(batch.take()), handler)
        expect(calls).toEqual(events)
      }),
    )
  })

  it('are buffers of their own, and the writer begins anew', () => {
    const batch = new BatchWriter()
    batch.bytes(new Uint8Array([1, 2, 3]))
    const first = batch.take()
    expect(batch.length).toBe(0)
    batch.bytes(new Uint8Array([9, 9, 9]))
    expect(new BatchReader(first).bytes()).toEqual(Buffer.from([1, 2, 3]))
    expect(first.byteLength).toBe(7)
  })

  it('hold whole records only: one that cannot be cloned leaves nothing behind', () => {
    const batch = new BatchWriter()
    const commands = new CommandWriter(batch)
    const call = { kind: 'rpc', payload: () => {} } as unknown as ScriptCall
    expect(() => commands.invoke(1, call)).toThrow(/could not be cloned/)
    expect(batch.length).toBe(0)
  })

  it('with a record that is unknown are a fault of this program', () => {
    const { handler } = recorder<CommandHandler & EventHandler>()
    const unknown = () => {
      const batch = new BatchWriter()
      batch.u8(200)
      batch.u32(1)
      return new BatchReader(batch.take())
    }
    expect(() => readCommands(unknown(), handler)).toThrow('there is no command 200')
    expect(() => readEvents(unknown(), handler)).toThrow('there is no event 200')
  })
})
