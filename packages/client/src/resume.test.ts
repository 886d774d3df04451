import { decodeLaneCounts, encodeServerFrame, ErrorTable } from '@kaosnet/protocol'
import { ManualClock } from '@kaosnet/rudp/testing'
import { describe, expect, it } from 'vitest'
import type { Client } from './client.ts'
import type { ClientOptions } from './options.ts'
import { resumable, WINDOW_MS } from './testing/resumable-world.ts'
import { HANDLE, joinReply, outcome, ROOM_ID, type World } from './testing/world.ts'

function storyOf(client: Client): string[] {
  const story: string[] = []
  const names = [
    'connected',
    'dropped',
    'resuming',
    'resumed',
    'disconnected',
    'reconnecting',
    'ended',
  ] as const
  for (const name of names) client.on(name, () => story.push(name))
  return story
}

async function connected(world: World, options: ClientOptions = {}) {
  const client = await world.connected(options)
  return { client, story: storyOf(client), first: world.server.connection }
}

async function closed(world: World, client: Client): Promise<void> {
  const closing = client.close()
  await world.run(3_000)
  await closing
}

describe('a connection that is lost', () => {
  it('is replaced by another for the same session; requests are answered late, and none is asked twice', async () => {
    const world = resumable(new ManualClock())
    const { client, story, first } = await connected(world)
    const before = outcome(client.rpc('before'))
    await world.run(20)
    first.drop()
    await world.run(15)
    expect(client.state).toBe('resuming')
    const meanwhile = outcome(client.rpc('meanwhile'))
    world.received.set(0, 1)
    await world.run(200)
    expect(story).toEqual(['dropped', 'resuming', 'resumed'])
    const { connection } = world.server
    expect(connection.payloads('Rpc')).toMatchObject([{ name: 'meanwhile' }])
    const [asked] = first.payloads('Rpc')
    connection.send(encodeServerFrame('RpcResponse', { id: asked?.id ?? 0, payload: 'late' }))
    connection.send(
      encodeServerFrame('RpcResponse', { id: connection.payloads('Rpc')[0]?.id ?? 0, payload: 'new' }),
    )
    await world.run(50)
    expect([before.value, meanwhile.value]).toEqual(['late', 'new'])
    await closed(world, client)
  })

  it('lets no request run out of time', async () => {
    const world = resumable(new ManualClock())
    const { client, first } = await connected(world, {
      requestTimeoutMs: 1_000,
      reconnect: { maxDelayMs: 100 },
    })
    const waiting = outcome(client.rpc('slow'))
    world.server.dialing = 'refuse'
    first.drop()
    await world.run(5_000)
    expect(waiting.error).toBeUndefined()
    world.server.dialing = 'accept'
    await world.run(900)
    expect([client.state, waiting.error]).toEqual(['connected', undefined])
    await world.run(1_500)
    expect(waiting.error).toMatchObject({ error: 'REQUEST_TIMEOUT' })
    await closed(world, client)
  })

  it('is told to the server with what has been received, and with each token once', async () => {
    const world = resumable(new ManualClock())
    const { client, first } = await connected(world)
    for (const id of [7, 8, 9]) first.send(encodeServerFrame('RpcResponse', { id }))
    await world.run(20)
    first.drop()
    await world.run(200)
    const [start] = world.server.connection.payloads('SessionStart')
    expect(start?.resume).toMatchObject({ token: 'token-1', attempt: 1 })
    expect(decodeLaneCounts(start?.resume?.received ?? new Uint8Array())).toEqual(new Map([[0, 3]]))
    world.server.connection.drop()
    await world.run(200)
    expect(world.tokens).toEqual(['token-1', 'token-2'])
    await closed(world, client)
  })

  it('keeps rooms and what was sent to them', async () => {
    const world = resumable(new ManualClock())
    world.server.handlers.RoomJoin = ({ id }, connection) => connection.send(joinReply(id))
    const { client, first } = await connected(world)
    const joining = client.joinRoom(ROOM_ID)
    await world.run(100)
    const room = await joining
    first.drop()
    await world.run(15)
    room.send(5, new Uint8Array([1]))
    expect(room.send(6, new Uint8Array([1]), { reliable: false })).toBe(false)
    world.received = new Map([
      [0, 1],
      [HANDLE, 0],
    ])
    await world.run(200)
    const sent = world.server.connection.received.filter(({ name }) => name === 'RoomData')
    expect(sent).toMatchObject([{ lane: HANDLE, delivery: 'reliable', payload: { op: 5 } }])
    expect(room.closed).toBeUndefined()
    await closed(world, client)
  })
})

describe('a session that cannot be resumed', () => {
  it('is given up when the server refuses, and a fresh one follows', async () => {
    const world = resumable(new ManualClock())
    const { client, story, first } = await connected(world)
    const waiting = outcome(client.rpc('lost'))
    await world.run(5)
    world.refuses = true
    first.drop()
    await world.run(2_000)
    expect(story).toEqual(['dropped', 'resuming', 'disconnected', 'reconnecting', 'connected'])
    expect(waiting.error).toMatchObject({ error: 'SESSION_TIMEOUT' })
    await closed(world, client)
  })

  it('is given up when more was sent than is kept, and the server has not got it', async () => {
    const world = resumable(new ManualClock())
    const { client, story, first } = await connected(world, { replayBytes: 100 })
    for (let count = 0; count < 5; count++) outcome(client.rpc('x'.repeat(30)))
    await world.run(5)
    first.drop()
    await world.run(2_000)
    expect(story).toEqual(['dropped', 'resuming', 'disconnected', 'reconnecting', 'connected'])
    await closed(world, client)
  })

  it('is given up when the window has passed', async () => {
    const world = resumable(new ManualClock())
    const { client, story, first } = await connected(world)
    world.server.dialing = 'refuse'
    first.drop()
    await world.run(WINDOW_MS + 100)
    expect(story.filter((name) => name !== 'resuming' && name !== 'reconnecting')).toEqual([
      'dropped',
      'disconnected',
    ])
    await closed(world, client)
  })

  it('is not kept by the client when it is not to reconnect', async () => {
    const world = resumable(new ManualClock())
    const { client, story, first } = await connected(world, { reconnect: false })
    first.drop()
    await world.run(100)
    expect([story, client.state]).toEqual([['disconnected', 'ended'], 'ended'])
  })

  it('leaves nothing behind when the client is closed meanwhile', async () => {
    const world = resumable(new ManualClock())
    const { client, story, first } = await connected(world)
    world.server.dialing = 'hang'
    first.drop()
    await world.run(50)
    const closing = client.close()
    await world.run(10)
    await closing
    expect([story.at(-1), client.state, world.time.pendingEvents]).toEqual(['ended', 'ended', 0])
  })
})

describe('how a server closes the connection', () => {
  it('says whether there is something to resume: SESSION_TIMEOUT alone leaves the session', async () => {
    const world = resumable(new ManualClock())
    const silent = await connected(world)
    silent.first.drop(ErrorTable.SESSION_TIMEOUT.code)
    await world.run(200)
    expect(silent.story).toEqual(['dropped', 'resuming', 'resumed'])
    const replaced = await connected(world)
    replaced.first.drop(ErrorTable.SESSION_REPLACED.code)
    await world.run(200)
    expect(replaced.story).toEqual(['disconnected', 'ended'])
    await closed(world, silent.client)
  })
})
