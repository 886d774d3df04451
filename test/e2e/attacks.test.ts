import { createSocket } from 'node:dgram'
import { connect as connectTcp } from 'node:net'
import { encodeClientFrame, ErrorTable } from '@kaosnet/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { seededRandom } from '../../packages/server/src/testing/seeded-random.ts'
import { connectPlayer, joinLogged } from '../support/players.ts'
import { RawClient } from '../support/raw-client.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

/** Sends 32 KiB of reliable data per tick to everybody, once somebody has asked for it. */
const FIREHOSE = matchModule({
  match_loop: `function(ctx, state, tick, messages)
    if #messages > 0 then state.on = true end
    if state.on then kaos.room_send(ctx.room_id, 1, string.rep('x', 32768)) end
    return state
  end`,
})

describe('a client that misbehaves costs nobody else', () => {
  it('a reader that stops reading is ended with SLOW_CONSUMER within the documented bound', async () => {
    const server = await startTestServer(
      { 'room.lua': FIREHOSE },
      { limits: { reliableQueueBytes: 2_000_000 } },
    )
    const ada = await connectPlayer(server, 'Ada', { transport: 'websocket' })
    const slow = await connectPlayer(server, 'Slow', { transport: 'websocket' })
    const roomId = await ada.createRoom('room')
    const adas = await joinLogged(ada, roomId)
    await slow.joinRoom(roomId)
    // Stops reading without closing: the kernel's buffers fill, then the server's queue.
    const [, slowSocket] = clientSockets(server.port)
    slowSocket?.pause()
    adas.room.send(1, 'go')
    const departed = await adas.next<{ reason: string; username: string }[]>('departed')
    expect(departed).toMatchObject([{ reason: 'dropped', username: 'Slow' }])
    expect(ada.state).toBe('connected')
    await adas.next('data')
    const metrics = await server.metrics()
    expect(metrics).toMatch(/kaosnet_limit_hits_total\{limit="reliableQueueBytes"\} 1/)
    expect(metrics).toMatch(
      new RegExp(`kaosnet_sessions_ended_total\\{code="${ErrorTable.SLOW_CONSUMER.code}"\\} 1`),
    )
  })

  it('garbage on every way in disturbs no player', async () => {
    const seed = 20_26
    const random = seededRandom(seed)
    const bytes = (length: number) => Buffer.from(Array.from({ length }, () => random.uint32() & 0xff))
    const server = await startTestServer({
      'room.lua': matchModule({
        match_loop: `function(ctx, state, tick, messages)
          for _, m in ipairs(messages) do kaos.broadcast(ctx.room_id, m.sender, m.data, nil, m.op) end
          return state
        end`,
      }),
    })
    const udp = await connectPlayer(server, 'Udp', { transport: 'udp' })
    const ws = await connectPlayer(server, 'Ws', { transport: 'websocket' })
    const roomId = await udp.createRoom('room')
    const [udps, wss] = [await joinLogged(udp, roomId), await joinLogged(ws, roomId)]

    const socket = createSocket('udp4')
    onTestFinished(() => void socket.close())
    const attackers: WebSocket[] = []
    for (let round = 0; round < 20; round++) {
      for (let count = 0; count < 100; count++) {
        socket.send(bytes(1 + (random.uint32() % 1400)), server.server.udpPort, '127.0.0.1')
      }
      const attacker = new WebSocket(`ws://127.0.0.1:${server.port}/ws`)
      attacker.on('error', () => {})
      attackers.push(attacker)
      attacker.on('open', () => {
        for (let count = 0; count < 50; count++) attacker.send(bytes(random.uint32() % 300))
      })
      const tcp = connectTcp(server.port, '127.0.0.1', () => tcp.end(bytes(500)))
      tcp.on('error', () => {})
      udps.room.send(round, { round })
      expect(await wss.next('data'), `seed ${seed}`).toMatchObject({ op: round })
      expect(await udps.next('data'), `seed ${seed}`).toMatchObject({ op: round })
    }
    for (const attacker of attackers) attacker.terminate()
    expect([udp.state, ws.state]).toEqual(['connected', 'connected'])
    expect(server.logs.filter(({ level }) => level >= 50)).toEqual([])
  })

  it('more connections than allowed are told SERVER_FULL and closed', async () => {
    const server = await startTestServer({}, { limits: { connections: 2 } })
    await RawClient.connect(server.port)
    const second = await RawClient.connect(server.port)
    const third = await RawClient.connect(server.port)
    expect((await third.control('SessionEnd')).code).toBe(ErrorTable.SERVER_FULL.code)
    await third.untilClosed()
    second.send(encodeClientFrame('SessionStart', { id: 1, versions: [1] }))
    expect((await second.control('SessionStart')).id).toBe(1)
  })
})

/** This process's own ends of TCP connections to a port, oldest first. */
function clientSockets(port: number): { pause(): void }[] {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles()
  return handles.filter(
    (handle): handle is { remotePort: number; pause(): void } =>
      (handle as { remotePort?: number }).remotePort === port &&
      typeof (handle as { pause?: unknown }).pause === 'function',
  )
}
