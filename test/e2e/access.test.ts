import type { KaosClient } from '@kaosnet/client'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { connectCuttable } from '../support/cut-sockets.ts'
import { connectPlayer, expectRefused, joinLogged } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

/** A room that is what its params say, locks itself when it is told to, and wants the password of its params. */
const ROOM = matchModule({
  match_init: `function(ctx, params)
    return { state = params, max_players = params.seats, locked = params.locked, private = params.private, label = 'here' }
  end`,
  match_join_attempt: `function(ctx, state, presence, join)
    if state.password and join.password ~= state.password then return state, false, 'wrong password' end
    return state, true
  end`,
  match_loop: `function(ctx, state, tick, messages)
    for _, m in ipairs(messages) do
      if m.op == 1 then kaos.room_set_locked(ctx.room_id, m.data) else kaos.room_set_private(ctx.room_id, m.data) end
      kaos.broadcast(ctx.room_id, nil, 'done', nil, m.op)
    end
    return state
  end`,
})
const MAIN = `
kaos.register_rpc('reserve', function(ctx, request)
  return kaos.room_reserve(request.room_id, request.session_id, request.seconds)
end)`
const scripts = { 'room.lua': ROOM, 'main.lua': MAIN }

const transports = ['udp', 'websocket'] as const

describe.each(transports)('who gets in, over %s', (transport) => {
  const start = () => startTestServer(scripts, { rooms: { workers: 1 } })

  it('a locked room takes only those with a reservation, until it is unlocked', async () => {
    const server = await start()
    const [ada, bob] = [
      await connectPlayer(server, 'Ada', { transport }),
      await connectPlayer(server, 'Bob', { transport }),
    ]
    const roomId = await ada.createRoom('room', { locked: true })
    await expectRefused(ada.joinRoom(roomId), 'ROOM_LOCKED')
    expect(await bob.listRooms()).toMatchObject([{ roomId, isLocked: true }])
    expect(await bob.listRooms({ hasSeat: true })).toEqual([])

    const reservation = await ada.rpc<string>('reserve', {
      room_id: roomId,
      session_id: ada.session?.sessionId,
    })
    await expectRefused(bob.joinRoom(roomId, { reservation }), 'RESERVATION_INVALID')
    const room = await ada.joinRoom(roomId, { reservation })
    const unlocked = new Promise((resolve) => room.once('data', resolve))
    room.send(1, false)
    await unlocked
    expect((await bob.joinRoom(roomId)).members.size).toBe(2)
  })

  it('a private room is in no list and is not found; its id is enough to join', async () => {
    const server = await start()
    const [ada, bob] = [
      await connectPlayer(server, 'Ada', { transport }),
      await connectPlayer(server, 'Bob', { transport }),
    ]
    const roomId = await ada.createRoom('room', { private: true })
    expect(await bob.listRooms()).toEqual([])
    const found = await bob.findRoom({ module: 'room', params: {} })
    expect(found.id).not.toBe(roomId)
    const log = await joinLogged(ada, roomId)
    log.room.send(2, false)
    await log.next('data')
    expect((await bob.listRooms()).map((room) => room.roomId)).toContain(roomId)
  })

  it('a password is checked by the room, and no member gets to see it', async () => {
    const server = await start()
    const [ada, bob] = [
      await connectPlayer(server, 'Ada', { transport }),
      await connectPlayer(server, 'Bob', { transport }),
    ]
    const roomId = await ada.createRoom('room', { password: 'sesame' })
    await expectRefused(bob.joinRoom(roomId), 'ROOM_JOIN_REJECTED', /wrong password/)
    await expectRefused(bob.joinRoom(roomId, { password: 'barley' }), 'ROOM_JOIN_REJECTED', /wrong password/)
    const room = await bob.joinRoom(roomId, { password: 'sesame', metadata: { skin: 3 } })
    const seen = await ada.joinRoom(roomId, { password: 'sesame' })
    expect(JSON.stringify([...room.members, ...seen.members])).not.toContain('sesame')
    expect([...seen.members.values()].map(({ metadata }) => metadata)).toContainEqual({ skin: 3 })
  })

  it('a reserved seat is kept from others, and is free again when it expires', async () => {
    const server = await start()
    const [ada, bob] = [
      await connectPlayer(server, 'Ada', { transport }),
      await connectPlayer(server, 'Bob', { transport }),
    ]
    const roomId = await ada.createRoom('room', { seats: 1 })
    const reservation = await ada.rpc<string>('reserve', { room_id: roomId, seconds: 0.2 })
    await expectRefused(bob.joinRoom(roomId), 'ROOM_FULL')
    await expect.poll(() => server.metrics()).toContain('kaosnet_reservations_expired_total 1')
    await bob.joinRoom(roomId)
    await expectRefused(ada.joinRoom(roomId, { reservation }), 'RESERVATION_INVALID')
  })

  it('the built-in relay asks for its password and can be private', async () => {
    const server = await start()
    const ada = await connectPlayer(server, 'Ada', { transport })
    const roomId = await ada.createRoom('kaos/relay', { password: 'sesame', private: true })
    await expectRefused(ada.joinRoom(roomId), 'ROOM_JOIN_REJECTED', /wrong password/)
    expect(await ada.listRooms()).toEqual([])
    await ada.joinRoom(roomId, { password: 'sesame' })
  })

  it('a join that the room does not come to answer is refused in time', async () => {
    const server = await startTestServer(
      {
        'slow.lua': matchModule({
          match_join_attempt: `function(ctx, state, presence)
            local until_ms = kaos.time_now() + 600
            while kaos.time_now() < until_ms do end
            return state, true
          end`,
        }),
      },
      {
        rooms: { workers: 1 },
        limits: { joinTimeoutMs: 100 },
        scripts: { joinBudgetMs: 10_000, joinInstructions: 10_000_000_000 },
      },
    )
    const ada = await connectPlayer(server, 'Ada', { transport })
    const roomId = await ada.createRoom('slow')
    await expectRefused(ada.joinRoom(roomId), 'REQUEST_TIMEOUT')
    // What the room says too late changes nothing.
    await expect.poll(async () => (await ada.listRooms())[0]?.size).toBe(0)
    expect(await server.metrics()).toContain('kaosnet_limit_hits_total{limit="joinTimeoutMs"} 1')
  })
})

it('a user who lost one session and comes with another takes the seat of the first', async () => {
  const secret = 'a secret that is long enough for HS256'
  const server = await startTestServer(scripts, {
    rooms: { workers: 1 },
    auth: { anonymous: true, hs256Secret: secret },
  })
  const token = await new SignJWT({ sub: 'ada' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(secret))
  const lost = await connectCuttable(server, 'Ada', { token })
  const bob: KaosClient = await connectPlayer(server, 'Bob')
  const roomId = await lost.client.createRoom('room', { seats: 2 })
  await lost.client.joinRoom(roomId)
  const bobs = await joinLogged(bob, roomId)
  lost.setReachable(false)
  lost.cut()
  await bobs.next('away')

  const again = await connectPlayer(server, 'Ada', { token, transport: 'udp' })
  const room = await again.joinRoom(roomId)
  expect(room.members.size).toBe(2)
  expect(await bobs.next('departed')).toMatchObject([{ reason: 'replaced' }])
})
