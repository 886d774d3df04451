import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { MemoryTransport } from './memory-transport.ts'
import type { Connection } from './transport.ts'

interface World {
  readonly transport: MemoryTransport
  readonly clock: ManualClock
  readonly connections: Connection[]
  readonly messages: Uint8Array[]
  readonly closes: string[]
}

async function world(): Promise<World> {
  const clock = new ManualClock()
  const transport = new MemoryTransport(clock)
  const connections: Connection[] = []
  const messages: Uint8Array[] = []
  const closes: string[] = []
  await transport.start((connection) => {
    connections.push(connection)
    return {
      onMessage: (message) => messages.push(message.slice()),
      onBadMessage: () => {},
      onClosed: (reason) => closes.push(reason),
    }
  })
  return { transport, clock, connections, messages, closes }
}

describe('MemoryTransport', () => {
  it('carries what the client sends at once', async () => {
    const { transport, messages, connections } = await world()
    const client = transport.connect('198.51.100.7')
    client.send(Uint8Array.of(1, 2, 3))
    expect(messages).toEqual([Uint8Array.of(1, 2, 3)])
    expect(connections[0]).toMatchObject({ transport: 'memory', remoteAddress: '198.51.100.7' })
  })

  it('packs the frames of one flush into one message, copied', async () => {
    const { transport, connections } = await world()
    const client = transport.connect()
    const [connection] = connections
    const frame = Buffer.of(1, 2)
    connection?.send(frame, 'reliable', 0)
    frame.fill(9)
    connection?.send(frame, 'unreliable', 0)
    expect(client.received).toEqual([])
    connection?.flush()
    connection?.flush()
    expect(client.received.map((message) => [...message])).toEqual([[1, 2, 9, 9]])
  })

  it('flushes before it closes, tells the server a turn later, and carries nothing more', async () => {
    const { transport, connections, clock, closes, messages } = await world()
    const client = transport.connect()
    const [connection] = connections
    connection?.send(Uint8Array.of(1), 'reliable', 0)
    connection?.close(504, 'too slow')
    connection?.close(0, 'again')
    expect(client.received).toHaveLength(1)
    expect(client.closed).toEqual({ code: 504, reason: 'too slow' })
    expect(closes).toEqual([])
    clock.turn()
    expect(closes).toEqual(['too slow'])
    client.send(Uint8Array.of(1))
    connection?.send(Uint8Array.of(1), 'reliable', 0)
    connection?.flush()
    expect([client.received.length, messages.length]).toEqual([1, 0])
  })

  it('sends a last frame after all others', async () => {
    const { transport, connections } = await world()
    const client = transport.connect()
    connections[0]?.send(Uint8Array.of(1), 'reliable', 0)
    connections[0]?.close(0, '', Uint8Array.of(2))
    expect(client.received.map((message) => [...message])).toEqual([[1, 2]])
  })

  it('lets a client vanish without a word', async () => {
    const { transport, clock, closes } = await world()
    transport.connect().drop()
    clock.turn()
    expect(closes).toEqual(['dropped'])
  })

  it('closes its connections when it stops, and takes no new ones', async () => {
    const { transport, clock, closes } = await world()
    const clients = [transport.connect(), transport.connect()]
    await transport.stop()
    clock.turn()
    expect(clients.map(({ closed }) => closed?.reason)).toEqual(['transport stopped', 'transport stopped'])
    expect(closes).toHaveLength(2)
    expect(() => transport.connect()).toThrow('the memory transport is not started')
  })
})
