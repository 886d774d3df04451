import { encodeMessagePack } from '@kaosnet/protocol'
import type { RoomDataEvent } from '@kaosnet/client'
import { createServer } from '@kaosnet/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectCuttable } from '../support/cut-sockets.ts'
import { connectPlayer, expectRefused, joinLogged, type RoomLog } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

const isBytes = (data: unknown): data is Uint8Array => data instanceof Uint8Array

describe.each([0, 1])('relayed rooms in %i workers', (workers) => {
  const start = (scripts: Record<string, string> = {}) => startTestServer(scripts, { rooms: { workers } })

  it('hand on op, sender, reliability and bytes to all other members, over both transports', async () => {
    const server = await start()
    const ada = await connectPlayer(server, 'Ada', { transport: 'udp' })
    const bob = await connectPlayer(server, 'Bob', { transport: 'websocket' })
    const eve = await connectPlayer(server, 'Eve', { transport: 'websocket' })
    const roomId = await ada.createRoom('kaos/relay', { max_players: 3, label: 'open' })
    const adas = await joinLogged(ada, roomId)
    const [bobs, eves] = [await joinLogged(bob, roomId), await joinLogged(eve, roomId)]
    expect([adas.room.label, adas.room.maxPlayers]).toEqual(['open', 3])

    const bytes = Uint8Array.from({ length: 3_000 }, (_, index) => index & 0xff)
    const heard = async (log: RoomLog) => {
      const { op, isReliable, data, sender } = await log.next<RoomDataEvent>('data')
      return { op, isReliable, data: isBytes(data) ? Array.from(data) : data, sender: sender?.username }
    }
    adas.room.send(513, bytes)
    const fromAda = { op: 513, isReliable: true, data: Array.from(bytes), sender: 'Ada' }
    expect([await heard(bobs), await heard(eves)]).toEqual([fromAda, fromAda])
    const move = { move: [1, -2.5] }
    bobs.room.send(7, move, { reliable: false })
    const fromBob = { op: 7, isReliable: false, data: move, sender: 'Bob' }
    expect([await heard(adas), await heard(eves)]).toEqual([fromBob, fromBob])
    // Nothing came back to who sent it: what comes next is the other's.
    bobs.room.send(2, 'to ada')
    expect(await adas.next('data')).toMatchObject({ op: 2, data: 'to ada' })
    adas.room.send(3, 'to bob')
    expect(await bobs.next('data')).toMatchObject({ op: 3, data: 'to bob' })
  })

  it('need not wait for a tick', async () => {
    const server = await start()
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    const roomId = await ada.createRoom('kaos/relay')
    const [adas, bobs] = [await joinLogged(ada, roomId), await joinLogged(bob, roomId)]
    const startedMs = performance.now()
    // With a tick of 1 Hz these would take 20 s and more.
    for (let turn = 0; turn < 20; turn++) {
      adas.room.send(turn, 'ping')
      await bobs.next('data')
      bobs.room.send(turn, 'pong')
      await adas.next('data')
    }
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })

  it('keep the seat of a member whose connection is lost, and what is sent meanwhile', async () => {
    const server = await start()
    const ada = await connectPlayer(server, 'Ada')
    const bob = await connectCuttable(server, 'Bob')
    const roomId = await ada.createRoom('kaos/relay')
    const adas = await joinLogged(ada, roomId)
    const bobs = await joinLogged(bob.client, roomId)
    const away = adas.next('away')
    bob.setReachable(false)
    bob.cut()
    await away
    for (let op = 1; op <= 20; op++) adas.room.send(op, 'while away')
    const resumed = bob.until('resumed')
    bob.setReachable(true)
    await resumed
    for (let op = 1; op <= 20; op++) expect(await bobs.next('data')).toMatchObject({ op })
    await adas.next('back')
    bobs.room.send(21, 'back')
    expect(await adas.next('data')).toMatchObject({ op: 21 })
  })

  it('refuse params that are wrong with the reason, and one player more than seats', async () => {
    const server = await start()
    const [ada, bob] = [await connectPlayer(server, 'Ada'), await connectPlayer(server, 'Bob')]
    await expectRefused(
      ada.createRoom('kaos/relay', { max_players: 65 }),
      'ROOM_INIT_FAILED',
      /max_players must be from 1 to 64, got 65/,
    )
    await expectRefused(ada.createRoom('kaos/relay', { seats: 2 }), 'ROOM_INIT_FAILED', /no field "seats"/)
    const roomId = await ada.createRoom('kaos.relay', { max_players: 1 })
    await ada.joinRoom(roomId)
    await expectRefused(bob.joinRoom(roomId), 'ROOM_FULL', /1 seats/)
  })

  it('stand beside Lua and TypeScript, which can create them too', async () => {
    const server = await start({
      'room.lua': matchModule(),
      'main.lua': `kaos.register_rpc('open', function() return kaos.room_create('kaos/relay', { label = 'rpc' }) end)`,
    })
    const ada = await connectPlayer(server)
    expect((await ada.joinRoom(await ada.rpc<string>('open'))).label).toBe('rpc')
    expect((await ada.joinRoom(await ada.createRoom('room'))).module).toBe('room')
    expect((await ada.listRooms({ module: 'kaos/relay' })).map(({ label }) => label)).toEqual(['rpc'])
  })

  it('end some time after the last member has left', async () => {
    const server = await start()
    const ada = await connectPlayer(server)
    const roomId = await ada.createRoom('kaos/relay', { empty_timeout: 1 })
    const room = await ada.joinRoom(roomId)
    await room.leave()
    await expect.poll(() => ada.listRooms({ module: 'kaos/relay' }), { timeout: 10_000 }).toEqual([])
    await expectRefused(ada.joinRoom(roomId), 'ROOM_CLOSED')
  })
})

describe('the built-in module', () => {
  it('needs no scripts folder', async () => {
    const server = createServer({
      host: '127.0.0.1',
      port: 0,
      auth: { anonymous: true },
      log: { level: 'silent' },
    })
    onTestFinished(() => server.stop({ graceSeconds: 0 }))
    await server.start()
    const url = `http://127.0.0.1:${server.port}`
    const [ada, bob] = [await connectPlayer({ url }, 'Ada'), await connectPlayer({ url }, 'Bob')]
    const roomId = await ada.createRoom('kaos/relay')
    const [adas, bobs] = [await joinLogged(ada, roomId), await joinLogged(bob, roomId)]
    adas.room.send(1, encodeMessagePack('as bytes'))
    expect(await bobs.next('data')).toMatchObject({ op: 1, sender: { username: 'Ada' } })
  })

  it('is not there when it is configured off', async () => {
    const server = await startTestServer({}, { rooms: { relay: false } })
    const ada = await connectPlayer(server)
    await expectRefused(ada.createRoom('kaos/relay'), 'ROOM_MODULE_NOT_FOUND', /kaos\/relay/)
  })

  it('has its name for itself, unless it is off', async () => {
    const scripts = { 'kaos/relay.lua': matchModule() }
    await expect(startTestServer(scripts)).rejects.toThrow('kaos/relay is the name of a built-in module')
    const ada = await connectPlayer(await startTestServer(scripts, { rooms: { relay: false } }))
    expect((await ada.joinRoom(await ada.createRoom('kaos/relay'))).tickHz).toBe(50)
  })
})
